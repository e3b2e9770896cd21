/**
 * The provider's page: the screens of one visit. It asks nothing of anybody before a person presses a button.
 *
 * What others wrote becomes text and nothing else (`dom.ts`). When it is locked, or nobody touched it for ten minutes, what
 * was opened leaves the screen; the link itself is needed to come back.
 */

import { PacketError } from "../rcp/errors.ts";
import type { Bytes, JsonObject } from "../rcp/encoding.ts";
import type { Packet } from "../rcp/packet.ts";
import { ApiError } from "./api.ts";
import { el, type Child } from "./dom.ts";
import type { Shown } from "./handoff.ts";
import { caseView } from "./case_view.ts";
import { readAddress, readDigits, type LinkKeys } from "./secret.ts";
import { stepForm } from "./step_form.ts";
import { isOffered, statementsOf, STEPS, type Said, type Step } from "./steps.ts";
import { Visit } from "./visit.ts";
import { fill, LANGUAGES, languageOf, type Language, type Words } from "./words.ts";

const IDLE = 10 * 60 * 1000;
const ENDED = new Set(["locked", "revoked", "expired", "over"]);

type Screen = () => Child[];

class Page {
  private language: Language = languageOf(navigator.languages ?? [navigator.language]);
  private screen: Screen = () => [];
  private notice: keyof Words | "" = "";
  private idle = 0;
  private keys: LinkKeys | null;
  private visit: Visit | null = null;
  private readonly main = el("main", {});
  private readonly status = el("p", { class: "note", role: "status" });

  constructor(keys: LinkKeys | null) {
    this.keys = keys;
    this.show(keys ? this.welcome : this.damaged);
    for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => this.wake());
    addEventListener("pageshow", (event) => event.persisted && this.lock());
  }

  private get words(): Words {
    return LANGUAGES[this.language];
  }

  // -- screens

  private readonly welcome: Screen = () => [
    this.heading(this.words.title),
    el("p", {}, this.words.intro),
    el("p", { class: "note" }, this.words.intro_safe),
    this.row(this.button(this.words.start, () => this.begin(), true)),
  ];

  private readonly damaged: Screen = () => [
    this.heading(this.words.damaged_title),
    el("p", { class: "note alert" }, this.words.damaged),
    el("p", {}, this.words.reopen),
  ];

  private readonly locked: Screen = () => [this.heading(this.words.locked_title), el("p", {}, this.words.locked)];

  private ended(code: string): Screen {
    return () => [this.heading(this.words.title), el("p", { class: "note alert" }, this.sentence(code))];
  }

  private again(code: string, facts: JsonObject, act: () => Promise<void>): Screen {
    return () => [
      this.heading(this.words.title),
      el("p", { class: "note alert", role: "alert" }, this.sentence(code, facts)),
      this.row(this.button(this.words.again, act, true)),
    ];
  }

  private code(
    how: string,
    left: number,
    error: "" | "code_form" | "wrong_code" = "",
    sentTo: string | null = null,
  ): Screen {
    return () => {
      const w = this.words;
      const waits = how === "sms" && sentTo === null;
      const field = el("input", {
        id: "code",
        class: "code",
        inputmode: "numeric",
        autocomplete: "one-time-code",
        maxlength: "11",
        required: true,
        ...(error ? { "aria-invalid": "true", "aria-describedby": "error" } : {}),
      });
      const send = this.button(sentTo === null ? w.code_send : w.code_again, () => this.sendCode(how, left), waits);
      const submit = (event: Event) => {
        event.preventDefault();
        const digits = readDigits(field.value);
        if (digits === null) this.show(this.code(how, left, "code_form", sentTo));
        else void this.act(() => this.open(digits, how, left, sentTo));
      };
      return [
        this.heading(w.code_title),
        el("p", {}, fill(how === "sms" ? w.code_sms : w.code_voice, { left })),
        sentTo === null ? null : el("p", { class: "note", role: "status" }, fill(w.code_sent, { ends: sentTo })),
        how === "sms" ? this.row(send) : null,
        el(
          "form",
          { novalidate: true, submit },
          el("label", { for: "code" }, w.code_label),
          field,
          error ? el("p", { id: "error", class: "note alert", role: "alert" }, fill(w[error], { left })) : null,
          this.row(el("button", { class: waits ? "" : "main", type: "submit" }, w.code_open)),
        ),
      ];
    };
  }

  private handoff(shown: Shown): Screen {
    return () => {
      const offered = STEPS.filter((step) => isOffered(step, shown));
      return [
        this.heading(this.words.title),
        ...caseView(shown, this.language, (packet, n) => void this.act(() => this.save(packet, n))),
        ...this.answers(shown, offered),
        this.row(this.button(this.words.lock, async () => this.lock())),
      ];
    };
  }

  /** What can be said now; folded while the last answer is on its way, so that nobody gives it twice. */
  private answers(shown: Shown, offered: readonly Step[]): Child[] {
    const steps = offered.length
      ? el("ul", { class: "steps" }, ...offered.map((step) => el("li", {}, this.offer(shown, step))))
      : el("p", {}, this.words.nothing);
    return shown.confirming
      ? [el("details", {}, el("summary", {}, this.words.say), steps)]
      : [el("h2", {}, this.words.say), steps];
  }

  private offer(shown: Shown, step: Step): HTMLElement {
    const [name, about] = this.words.steps[step.name as keyof Words["steps"]] as [string, string];
    const made = this.button(name, async () => this.show(this.saying(shown, step)));
    made.append(el("small", {}, about));
    return made;
  }

  private saying(shown: Shown, step: Step): Screen {
    const prepared: JsonObject[] = []; // after a lost answer the same bytes go again
    let [went, stands] = [0, shown];
    const send = (said: Said) =>
      this.act(async () => {
        if (!this.visit) return;
        if (went > 0) stands = await this.visit.look();
        for (const [name, one] of statementsOf(step, said).slice(went)) {
          prepared[went] ??= this.visit.prepare(stands, name, one.body, one.words);
          await this.visit.say(prepared[went]!);
          went++;
          stands = await this.visit.look();
        }
        this.show(this.handoff(stands), "sent");
      }, shown);
    const form = stepForm(step, shown.needs, this.now(), send, () => {
      prepared.length = went;
    });
    return () => [
      this.heading((this.words.steps[step.name as keyof Words["steps"]] as [string, string])[0]),
      ...form(this.language, () => this.show(this.handoff(stands))),
    ];
  }

  // -- acts

  private async begin(): Promise<void> {
    if (!this.keys) return;
    this.visit ??= new Visit(this.keys);
    const found = await this.visit.begin();
    if ("shown" in found) this.show(this.handoff(found.shown));
    else if (found.state === "claimed") this.show(this.ended("link_other_device"));
    else if (ENDED.has(found.state)) this.show(this.ended(`link_${found.state}`));
    else this.show(this.code(found.code, found.left));
  }

  private async sendCode(how: string, left: number): Promise<void> {
    if (this.visit) this.show(this.code(how, left, "", await this.visit.sendCode()));
  }

  private async open(digits: string, how: string, left: number, sentTo: string | null): Promise<void> {
    try {
      if (this.visit) this.show(this.handoff(await this.visit.open(digits, how)));
    } catch (error) {
      if (!(error instanceof ApiError && error.code === "wrong_code")) throw error;
      const now = Number(error.facts["left"] ?? left);
      this.show(now > 0 ? this.code(how, now, "wrong_code", sentTo) : this.ended("link_locked"));
    }
  }

  private async save(packet: Packet, n: string): Promise<void> {
    const here = packet.attachments.get(n);
    if (here) saveFile(n, here);
    else if (this.visit) saveFile(...(await this.visit.attachment(packet, n)));
  }

  /** Do something that may take a while; whatever goes wrong is said, and can be tried again. */
  private async act(doing: () => Promise<void>, shown: Shown | null = null): Promise<void> {
    this.busy(true);
    try {
      await doing();
    } catch (error) {
      if (error instanceof ApiError && error.code === "illegal_transition" && this.visit) {
        await this.act(async () => this.show(this.handoff(await this.visit!.look()), "illegal_transition"));
      } else if (error instanceof ApiError && error.code.startsWith("link_")) this.show(this.ended(error.code));
      else if (shown) this.say(this.failed(error));
      else this.show(this.again(...this.failure(error), () => this.begin()));
    } finally {
      this.busy(false);
    }
  }

  private failed(error: unknown): string {
    return this.sentence(...this.failure(error));
  }

  private failure(error: unknown): [string, JsonObject] {
    if (error instanceof ApiError) return [error.code, error.facts];
    if (error instanceof PacketError) return ["unverified", { code: error.code }];
    if (error instanceof DOMException) return ["private", {}];
    return ["unavailable", {}];
  }

  private sentence(code: string, facts: JsonObject = {}): string {
    const found = (this.words as unknown as { [name: string]: unknown })[code];
    return fill(typeof found === "string" ? found : this.words.unavailable, facts);
  }

  private lock(): void {
    if (!this.keys) return;
    this.keys = this.visit = null;
    clearTimeout(this.idle);
    this.show(this.locked);
  }

  private wake(): void {
    clearTimeout(this.idle);
    if (this.visit) this.idle = setTimeout(() => this.lock(), IDLE);
  }

  private now(): number {
    return this.visit?.now() ?? 0;
  }

  // -- drawing

  private show(screen: Screen, notice: keyof Words | "" = ""): void {
    this.screen = screen;
    this.notice = notice;
    this.draw();
    this.main.querySelector("h1")?.focus();
    this.wake();
  }

  private draw(): void {
    document.documentElement.lang = this.language;
    document.documentElement.dir = this.language === "ar" ? "rtl" : "ltr";
    document.title = this.words.title;
    const notice = this.notice ? this.sentence(this.notice) : "";
    this.main.replaceChildren(...this.screen().filter((child) => child !== null));
    document.body.replaceChildren(this.languages(), this.status, this.main);
    this.say(notice);
  }

  private languages(): HTMLElement {
    const choices = (Object.keys(LANGUAGES) as Language[]).map((language) => {
      const choose = () => {
        this.language = language;
        this.draw();
      };
      const current = language === this.language ? { "aria-current": "true" } : {};
      return el("button", { type: "button", lang: language, click: choose, ...current }, LANGUAGES[language].language);
    });
    return el("nav", {}, ...choices);
  }

  private say(text: string): void {
    this.status.textContent = text;
  }

  private busy(busy: boolean): void {
    this.main.setAttribute("aria-busy", String(busy));
    this.main.querySelectorAll("button").forEach((button) => (button.disabled = busy));
    if (busy) this.say(this.words.wait);
    else if (this.status.textContent === this.words.wait) this.say("");
  }

  private heading(text: string): HTMLElement {
    return el("h1", { tabindex: "-1" }, text);
  }

  private row(...children: Child[]): HTMLElement {
    return el("div", { class: "row" }, ...children);
  }

  private button(text: string, act: () => Promise<void>, main = false): HTMLButtonElement {
    return el("button", { type: "button", class: main ? "main" : "", click: () => void this.act(act) }, text);
  }
}

function saveFile(name: string, data: Bytes): void {
  const url = URL.createObjectURL(new Blob([data], { type: "application/octet-stream" }));
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** The address as it came; it leaves the address bar before anything else happens. Some browsers keep it in their history. */
function taken(): LinkKeys | null {
  const { pathname, hash } = location;
  const found = readAddress(pathname, hash);
  history.replaceState(null, "", `/l/${found?.id ?? "-"}`);
  return found;
}

const keys = taken();
addEventListener("hashchange", () => location.reload());
new Page(keys);
