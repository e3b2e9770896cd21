/** What was opened, drawn: who asks, how urgent, by when, what is needed, and how it was checked. */

import { isObject, type Json, type JsonObject } from "../rcp/encoding.ts";
import type { Packet } from "../rcp/packet.ts";
import { nameOf, type World } from "../world.ts";
import { el, foreign, type Child } from "./dom.ts";
import type { Shown } from "./handoff.ts";
import { codeIn, dayIn, known, label, LANGUAGES, plain, type Language, type Words } from "./words.ts";

const REQUEST = "request";
const CONTACT = "contact";
/** States in which the other side waits for a first answer. */
const WAITING = ["submitted", "delivered", "acknowledged", "info_needed"];
/** Members that hold a code of the world. */
const WORLD: { readonly [member: string]: World } = {
  country: "region",
  country_of_origin: "region",
  host_country: "region",
  nationality: "region",
  transit_countries: "region",
  language: "language",
  languages: "language",
};
/** Members that hold a code of the forms; in any other a word is a word, even where it reads like a code. */
const CODED = [
  ...["age_band", "alive", "answer", "dimension", "format", "kind", "kinds", "level", "method", "not_for", "outcome"],
  ...["result", "return_mode", "risk", "role", "sex", "situation", "state", "status", "statuses", "type", "urgency"],
];
const FIRST = [CONTACT, "minimal_contact", "needs_risk"];

export function caseView(shown: Shown, language: Language, save: (packet: Packet, n: string) => void): Child[] {
  const w = LANGUAGES[language];
  const [first, ...later] = shown.packets as [Packet, ...Packet[]];
  const named = (list: object, code: string | null) => (code === null ? null : (known(list, code) ?? plain(code)));
  return [
    shown.confirming ? el("p", { class: "note alert" }, w.confirming) : null,
    el(
      "dl",
      { class: "note" },
      ...pair(w.from, foreign(shown.name)),
      ...pair(w.urgency, named(w.urgencies, shown.urgency)),
      ...pair(
        WAITING.includes(shown.state ?? "") ? w.due : w.next,
        shown.due === null ? null : moment(shown.due, language),
      ),
      ...pair(w.needed_from, shown.neededFrom === null ? null : dayIn(language, shown.neededFrom)),
      ...pair(w.state, named(w.states, shown.state)),
      ...pair(w.until, moment(shown.until, language)),
    ),
    el("h2", {}, w.needed),
    ...contents(first, language, save),
    first.sections.has(CONTACT) ? null : el("p", {}, w.contact_none),
    ...later.flatMap((packet) => [
      el("h2", {}, `${w.answered}${w.comma}${moment(packet.manifest.created, language)}`),
      ...contents(packet, language, save),
    ]),
    ...(shown.said.length
      ? [
          el("h2", {}, w.you_said),
          el("dl", {}, ...shown.said.flatMap(({ type, at }) => pair(stepName(type, w), moment(at, language)))),
        ]
      : []),
    el(
      "details",
      {},
      el("summary", {}, w.checked),
      el("p", {}, w.checked_text),
      el(
        "dl",
        {},
        ...pair(w.from, foreign(shown.from)),
        ...pair(w.signed, moment(shown.signedAt, language)),
        ...pair(w.fingerprint, el("span", { class: "digits" }, shown.fingerprint)),
      ),
      el("p", {}, w.fingerprint_text),
    ),
  ];
}

const stepName = (type: string, w: Words): string =>
  ((w.steps as unknown as { [name: string]: [string, string] })[type.slice("referral.".length)] ?? [plain(type)])[0];

function contents(packet: Packet, language: Language, save: (packet: Packet, n: string) => void): Child[] {
  const w = LANGUAGES[language];
  const request = packet.sections.get(REQUEST);
  const names = [...packet.sections.keys()].filter((name) => name !== REQUEST);
  names.sort((one, other) => order(one) - order(other) || (one < other ? -1 : 1));
  const large = packet.manifest.files.slice(1);
  return [
    isObject(request) ? asked(request, language) : null,
    ...names.flatMap((name) => [
      el("h3", {}, name === CONTACT ? w.contact : label(language, "categories", name)),
      value(packet.sections.get(name)!, language),
    ]),
    ...(large.length || packet.attachments.size ? [el("h3", {}, w.attachments)] : []),
    ...large.map(({ n, plen }) =>
      el(
        "p",
        {},
        el("button", { type: "button", click: () => save(packet, n) }, `${w.download} (${size(plen, language)})`),
      ),
    ),
    ...[...packet.attachments].map(([name, data]) =>
      el(
        "p",
        {},
        el(
          "button",
          { type: "button", click: () => save(packet, name) },
          foreign(name),
          ` (${size(data.length, language)})`,
        ),
      ),
    ),
  ];
}

const order = (name: string): number => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);

/** What the request says in codes: what for, what is needed, and why this service was chosen; the rest as it is. */
function asked(request: JsonObject, language: Language): Child {
  const w = LANGUAGES[language];
  const { v: _version, purpose, service, needs, why, ...rest } = request;
  const { met, unknown } = reasons(why ?? null);
  const named = (list: "purposes" | "services" | "needs" | "criteria", codes: readonly unknown[]) =>
    codes
      .filter((code): code is string => typeof code === "string")
      .map((code) => label(language, list, code))
      .join(w.comma) || null;
  return el(
    "dl",
    {},
    ...pair(w.purpose, named("purposes", [purpose])),
    ...pair(w.service, named("services", [service])),
    ...pair(w.needs, named("needs", Array.isArray(needs) ? needs : [])),
    ...pair(w.why, named("criteria", met)),
    ...pair(w.unknown, named("criteria", unknown)),
    ...rows(rest, language),
  );
}

/** The criteria by which the service was chosen: those that it meets, and those that its entry does not say. */
function reasons(why: Json): { met: Json[]; unknown: Json[] } {
  const criteria = isObject(why) && Array.isArray(why["criteria"]) ? why["criteria"].filter(isObject) : [];
  const of = (said: string) => criteria.filter((row) => row["said"] === said).map((row) => row["id"] ?? null);
  return { met: of("meets"), unknown: of("unknown") };
}

function value(found: Json, language: Language, name = ""): Node {
  if (Array.isArray(found)) {
    return el("ul", { class: "values" }, ...found.map((item) => el("li", {}, value(item, language, name))));
  }
  if (isObject(found)) return el("dl", {}, ...rows(found, language));
  if (typeof found === "boolean") return foreign(label(language, "codes", found ? "yes" : "no"));
  const text = String(found);
  const type = known(WORLD, name) as World | null;
  return foreign(
    (type && nameOf(language, type, text)) ??
      (CODED.includes(name) ? codeIn(language, text) : null) ??
      dayIn(language, text),
  );
}

/** Members of a section, by their names in the reader's language where the page knows them. */
const rows = (found: JsonObject, language: Language): Child[] =>
  Object.entries(found)
    .filter(([name, item]) => item !== null && item !== "" && name !== "v")
    .flatMap(([name, item]) => pair(memberName(language, name), value(item, language, name)));

const memberName = (language: Language, name: string): string =>
  known(LANGUAGES[language].members, name) ?? plain(name);

const pair = (name: string, found: Child): Child[] =>
  found === null ? [] : [el("dt", {}, foreign(name)), el("dd", {}, found)];

const moment = (seconds: number, language: Language): string =>
  new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "short" }).format(new Date(seconds * 1000));

const size = (bytes: number, language: Language): string =>
  new Intl.NumberFormat(language, { style: "unit", unit: "kilobyte", maximumFractionDigits: 0 }).format(
    Math.ceil(bytes / 1024),
  );
