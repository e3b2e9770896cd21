/**
 * Recording a lawful basis step by step, or what changed in a consent: a new revision. What is typed stays on this device,
 * sealed, until it is kept.
 */

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import * as bases from "../../../client/basis.ts";
import type { Held } from "../../../client/basis.ts";
import { dayOf } from "../../../consent/policy.ts";
import { spoken, type Words } from "../../../consent/words.ts";
import { b64u, isObject, sha256, type Bytes, type JsonObject } from "../../../rcp/encoding.ts";
import { HubError } from "../../../client/session.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { date } from "../../core/time.ts";
import type { Lang } from "../../core/words.ts";
import { Button, Choices, Form as Frame, TextField } from "../../kit/controls.tsx";
import { Card, Facts, Notice, Page, Steps } from "../../kit/showing.tsx";
import { changesOf, draftOf, emptyForm, formOf, shownIn, type Beside, type Form } from "./form.ts";
import { missingAt, pageOf, PAGES, type PageName } from "./pages.ts";
import type { OfOne } from "./one.tsx";
import { Reasons } from "./reasons.tsx";
import { useSpoken } from "./room.ts";
import { Duty, Emergency } from "./short_steps.tsx";
import { Answer, Told } from "./step_answer.tsx";
import { Expression } from "./step_paper.tsx";
import { Sharing } from "./step_sharing.tsx";
import { Child, Giver } from "./steps.tsx";

const DRAFT = "consent";

export function Record({ before }: { before?: OfOne }): VNode {
  const { member, say, local, now } = useApp();
  const spokenWords = useSpoken();
  const today = dayOf(now());
  const begun = useLoaded(async () => {
    const { country } = (await member.home()).entry;
    const kept = before ? null : await local.get("draft", DRAFT);
    const known = before?.held.consent;
    const empty = known ? { ...formOf(known, today), label: before.held.label || "–" } : emptyForm(today, country);
    const form = { ...empty, ...(isObject(kept) ? (kept as unknown as Partial<Form>) : {}) };
    return { form, again: isObject(kept), may: await bases.mayRecord(member) };
  }, []);
  const title = say(before ? "consent.change" : "consent.record");
  return (
    <Loaded of={spokenWords}>
      {(words) => (
        <Loaded of={begun}>
          {({ form, again, may }) => (
            <>
              {!may.permit && form.kind === "consent" && (
                <Notice kind="warn">
                  <Reasons reasons={may.reasons} words={words} />
                </Notice>
              )}
              <Wizard first={form} restored={again} before={before ?? null} words={words} title={title} today={today} />
            </>
          )}
        </Loaded>
      )}
    </Loaded>
  );
}

interface WizardProps {
  readonly first: Form;
  readonly restored: boolean;
  readonly before: OfOne | null;
  readonly words: Words;
  readonly title: string;
  readonly today: string;
}

function Wizard({ first, restored, before, words, title, today }: WizardProps): VNode {
  const { member, say, local, lang, now } = useApp();
  const [form, set] = useState(first);
  const [at, move] = useState<PageName>(before ? "sharing" : "kind");
  const [tried, attempt] = useState(false);
  const [files, put] = useState<readonly File[]>([]);
  const [kept, keep] = useState<Held | null>(null);
  const pages = before ? PAGES.change : PAGES[form.kind as keyof typeof PAGES];
  const index = pages.indexOf(at);
  const missing = missingAt(at, form, files.length);
  const update = (make: (form: Form) => Partial<Form>) => set((one) => ({ ...one, ...make(one) }));
  const change = (more: Partial<Form>) => update(() => more);
  const wrong = (field: string) => (tried && missing.includes(field) ? say("app.required") : null);
  const go = (page: PageName) => {
    attempt(false);
    move(page);
    document.querySelector("h1")?.focus();
    globalThis.scrollTo(0, 0);
  };
  useEffect(() => {
    if (!before && !kept) void local.put("draft", DRAFT, form as unknown as JsonObject);
  }, [form]);
  const saving = useAction(async () => {
    const attached = await bytesOf(files);
    const beside = await besideOf(form, attached, lang);
    try {
      if (before) {
        keep(await bases.revise(member, before.held, changesOf(form, before.held.consent!, beside)));
        before.again();
      } else {
        keep(await bases.draft(member, draftOf(form, beside, now()), form.label.trim(), attached));
        await local.delete("draft", DRAFT);
      }
    } catch (error) {
      const field = error instanceof HubError ? error.facts["field"] : null;
      if (typeof field === "string" && !before) go(pageOf(form.kind, field));
      throw error;
    }
  });
  if (kept) return <Kept held={kept} title={title} />;
  const step = { form, change, update, wrong, words, today, again: before !== null };
  const paper = { files, put };
  return (
    <Page title={title} back={before ? `consent/${before.held.handoff}` : "consent"}>
      <Steps names={pages.map((page) => say(`consent.page.${page}`))} at={index} />
      {restored && at === "kind" && (
        <Notice>
          <p>{say("consent.restored")}</p>
          <Button
            onClick={() => {
              void local.delete("draft", DRAFT);
              void member.home().then(({ entry }) => set(emptyForm(today, entry.country)));
            }}
          >
            {say("consent.begin_anew")}
          </Button>
        </Notice>
      )}
      <Frame
        onSend={() => {
          attempt(true);
          if (missing.length) return;
          if (at === "check") void saving.run();
          else go(pages[index + 1]!);
        }}
      >
        <h2>{say(`consent.page.${at}`)}</h2>
        {at === "kind" && <Kind form={form} change={change} />}
        {at === "child" && <Child {...step} />}
        {at === "giver" && <Giver {...step} />}
        {at === "told" && <Told {...step} />}
        {at === "answer" && <Answer {...step} />}
        {at === "sharing" && <Sharing {...step} />}
        {at === "form" && <Expression {...step} {...paper} />}
        {at === "duty" && <Duty {...step} {...paper} />}
        {at === "emergency" && <Emergency {...step} />}
        {at === "check" && <Check {...step} named={before === null} />}
        {saving.error !== null && <Problem error={saving.error} />}
        {saving.error !== null && <FieldWrong error={saving.error} />}
        <div class="row">
          {index > 0 && <Button onClick={() => go(pages[index - 1]!)}>{say("app.previous")}</Button>}
          <Button type="submit" kind="main" busy={saving.busy}>
            {say(at === "check" ? "consent.keep" : "app.next")}
          </Button>
        </div>
        {tried && missing.length > 0 && (
          <p class="error" role="alert">
            {say("consent.incomplete")}
          </p>
        )}
      </Frame>
    </Page>
  );
}

function Kind({ form, change }: { form: Form; change: (more: Partial<Form>) => void }): VNode {
  const { say } = useApp();
  const kinds = ["consent", "mandatory_protection", "vital_interest"];
  return (
    <Choices
      label={say("consent.which")}
      hint={say("consent.which_hint")}
      value={form.kind}
      onChoose={(kind) => change({ kind, answer: "" })}
      options={kinds.map((name) => [name, `${say(`consent.kind.${name}`)}: ${say(`consent.kind_about.${name}`)}`])}
    />
  );
}

interface CheckProps {
  readonly form: Form;
  readonly change: (more: Partial<Form>) => void;
  readonly wrong: (field: string) => string | null;
  readonly words: Words;
  readonly named: boolean;
}

function Check({ form, change, wrong, words, named }: CheckProps): VNode {
  const { say } = useApp();
  const { choices } = words.file;
  return (
    <>
      <p>{say("consent.check_about")}</p>
      {form.kind === "consent" && (
        <>
          <Facts
            rows={[
              [say("consent.giver"), words.name("giver", form.capacity)],
              [say("consent.childs_answer"), choices[form.answer] ?? "–"],
              [say("consent.given_on"), date(say, form.on)],
              [say("consent.protected"), form.protected ? say(`app.${form.protected}`) : "–"],
            ]}
          />
          {form.grants.map((row, n) => (
            <Card key={n} title={say("consent.grant", { n: n + 1 })}>
              <p>
                <bdi>{row.recipient.replace("urn:rcp:agency:", "")}</bdi> ({words.country(row.country)}):{" "}
                {words.name("purpose", row.purpose)}, {say("consent.until", { date: date(say, row.until) })}
              </p>
              <ul class="words">
                {row.categories.map((name) => (
                  <li key={name}>{words.name("section", name)}</li>
                ))}
              </ul>
            </Card>
          ))}
        </>
      )}
      {named && (
        <TextField
          label={say("consent.label")}
          hint={say("consent.label_hint")}
          error={wrong("label")}
          maxLength={100}
          value={form.label}
          onInput={(label) => change({ label })}
        />
      )}
    </>
  );
}

function Kept({ held, title }: { held: Held; title: string }): VNode {
  const { say } = useApp();
  const { consent, handoff } = held;
  return (
    <Page title={title} back="consent">
      <Notice kind="good" live>
        <p>{say("consent.kept")}</p>
        {consent && <p>{say("consent.kept_again", { date: date(say, consent.review_due) })}</p>}
      </Notice>
      <div class="row">
        {consent && consent.receipt.given_as !== "not_given" && (
          <a class="button main" href={`#/consent/${handoff}/receipt`}>
            {say("consent.receipt")}
          </a>
        )}
        <a class="button" href={`#/consent/${handoff}`}>
          {say("consent.look")}
        </a>
      </div>
    </Page>
  );
}

/** Which field the rules of the record refuse, by the word that it has in docs/consent.md. */
function FieldWrong({ error }: { error: unknown }): VNode | null {
  const { say } = useApp();
  const field = error instanceof HubError ? error.facts["field"] : null;
  if (typeof field !== "string" || field === "") return null;
  return (
    <p class="error">
      {say("consent.field_wrong")} <code dir="ltr">{field}</code>
    </p>
  );
}

async function bytesOf(files: readonly File[]): Promise<Map<string, Bytes>> {
  const found = new Map<string, Bytes>();
  for (const [n, file] of files.entries()) {
    const ending = /\.([A-Za-z0-9]{1,5})$/.exec(file.name)?.[1]?.toLowerCase() ?? "bin";
    found.set(`form-${n + 1}.${ending}`, new Uint8Array(await file.arrayBuffer()));
  }
  return found;
}

/** The notice in the language in which it was read, where there is one; a hash of the first paper. */
async function besideOf(form: Form, attached: ReadonlyMap<string, Bytes>, lang: Lang): Promise<Beside> {
  const [paper] = attached.values();
  const told = form.notice ? (await spoken(shownIn(form, lang))).notice(form.notice) : null;
  return {
    notice: told && { id: told.id, version: told.version, sha256: told.sha256 },
    artefact: paper ? b64u(sha256(paper)) : null,
  };
}
