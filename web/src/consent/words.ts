/**
 * What people are told and asked, in their language: notices, the sentences of rules, and the names of what the policy
 * names. The twin of `consent/words.py` over the same files, each loaded when its language is asked for.
 */

import type { Reason } from "../../rules/decide.js";
import { b64u, canonical, sha256 } from "../rcp/encoding.ts";

type Table = { readonly [name: string]: string };
interface File {
  readonly direction: string;
  readonly notices: { readonly version: string; readonly titles: Table } & { readonly [name: string]: Table | string };
  readonly topics: Table;
  readonly categories: Table;
  readonly purposes: Table;
  readonly services: Table;
  readonly givers: Table;
  readonly states: Table;
  readonly choices: Table;
  readonly labels: Table;
  readonly instead: Table;
  readonly messages: Table;
  readonly countries: Table;
}
export type Spoken = "en" | "fr" | "es" | "ar";

const FILES: { readonly [lang in Spoken]: () => Promise<{ default: unknown }> } = {
  en: () => import("../../../consent/words/en.json", { with: { type: "json" } }),
  fr: () => import("../../../consent/words/fr.json", { with: { type: "json" } }),
  es: () => import("../../../consent/words/es.json", { with: { type: "json" } }),
  ar: () => import("../../../consent/words/ar.json", { with: { type: "json" } }),
};
const TOPICS = [
  ...["what", "who", "why", "where_country", "how_long", "risks", "right_to_refuse", "right_to_withdraw"],
  ...["service_not_conditional", "limits_of_confidentiality", "limits_of_assistance", "who_to_ask"],
];
const NAMED_IN: { readonly [place: string]: "categories" | "purposes" | "givers" | "services" } = {
  section: "categories",
  category: "categories",
  purpose: "purposes",
  giver: "givers",
  service: "services",
};
/** Names of sections have commas of their own. */
const BETWEEN: { readonly [lang: string]: string } = { ar: "؛ ", fr: " ; " };

/** One topic of a notice: its id, its heading and what is said. */
export interface Paragraph {
  readonly topic: string;
  readonly heading: string;
  readonly text: string;
}

/** What somebody is told before they decide. `sha256` is over the canonical JSON of all that is told. */
export interface Notice {
  readonly id: string;
  readonly version: string;
  readonly title: string;
  readonly paragraphs: readonly Paragraph[];
  readonly sha256: string;
}

export const NOTICES = [
  "notice-referral",
  "notice-referral-child",
  "notice-transfer",
  "notice-transfer-child",
] as const;

/** All words of one language. */
export class Words {
  readonly lang: Spoken;
  readonly file: File;

  constructor(lang: Spoken, file: File) {
    this.lang = lang;
    this.file = file;
  }

  country(code: string): string {
    return this.file.countries[code] ?? code;
  }

  /** The name of a section, purpose, service or giver; what the policy does not know stays as it is. */
  name(place: string, code: string): string {
    const table = NAMED_IN[place];
    return (table && this.file[table][code]) ?? code;
  }

  /** The sentence of a rule; what is missing stays general. `section` may be several, with commas between them. */
  message(rule: string, facts: Table = {}): string {
    const agency = facts["agency"]?.replace("urn:rcp:agency:", "");
    const told: Table = agency === undefined ? facts : { ...facts, agency };
    const sentence = (this.file.messages[rule] ?? rule).replace(/\{(\w+)\}/g, (_, place: string) =>
      this.named(place, told[place]),
    );
    return sentence.slice(0, 1).toUpperCase() + sentence.slice(1);
  }

  /** What a user should read of a rule that blocks. */
  why({ rule, facts }: Reason): string {
    return this.message(rule, facts);
  }

  /** One of `NOTICES`. */
  notice(id: string): Notice {
    const { notices, topics } = this.file;
    const common = notices[id.endsWith("-child") ? "common-child" : "common"] as Table;
    const texts = { ...common, ...(notices[id] as Table) };
    const paragraphs = TOPICS.map((topic) => ({ topic, heading: topics[topic]!, text: texts[topic]! }));
    const told = { id, version: notices.version, title: notices.titles[id]!, paragraphs };
    return { ...told, sha256: b64u(sha256(canonical({ ...told, language: this.lang }))) };
  }

  private named(place: string, fact: string | undefined): string {
    const instead = this.file.instead[place]!;
    if (!fact) return instead;
    const table = NAMED_IN[place];
    if (!table) return fact;
    const names = fact.split(",").map((name) => this.file[table][name] ?? instead);
    return [...new Set(names)].join(BETWEEN[this.lang] ?? "; ");
  }
}

const loaded = new Map<Spoken, Promise<Words>>();

/** The words of a language. */
export function spoken(lang: Spoken): Promise<Words> {
  const found = loaded.get(lang) ?? FILES[lang]().then((file) => new Words(lang, file.default as File));
  loaded.set(lang, found);
  return found;
}
