/** Why a service fits or does not, in the reader's words: the sentences of `hub/directory/matching/words`. */

import type { Json } from "../../../rcp/encoding.ts";
import type { Said } from "../../../client/services.ts";
import type { Lang } from "../../core/words.ts";

type Table = { readonly [key: string]: string };

interface Matching {
  readonly criteria: Table;
  readonly verdicts: Table;
  readonly reasons: { readonly [criterion: string]: Table };
  readonly marks: Table;
}

/** Under which list of the map's vocabulary the value of a reason is named. */
const LISTS: { readonly [name: string]: string } = {
  ...{ sex: "sexes", situation: "situations", vulnerabilities: "vulnerabilities", statuses: "statuses" },
  ...{ documents: "documents", access: "access", languages: "languages" },
};

export class Sentences {
  private readonly matching: Matching;
  private readonly lists: { readonly [list: string]: Table };
  private readonly lang: Lang;

  constructor(matching: Matching, lists: { readonly [list: string]: Table }, lang: Lang) {
    this.matching = matching;
    this.lists = lists;
    this.lang = lang;
  }

  criterion(id: string): string {
    return this.matching.criteria[id] ?? id;
  }

  verdict(said: string): string {
    return this.matching.verdicts[said] ?? said;
  }

  mark(name: string, facts: Table = {}): string {
    return fill(this.matching.marks[name] ?? name, facts);
  }

  /** Why a criterion answers as it does. */
  sentence({ id, code, tells }: Said): string {
    const { reasons } = this.matching;
    const text = reasons[id]?.[code] ?? reasons["*"]?.[code] ?? code;
    const told = Object.entries(tells).map(([name, value]) => [name, this.told(name, value)] as const);
    return fill(text, Object.fromEntries(told));
  }

  private told(name: string, value: Json): string {
    if (Array.isArray(value)) {
      return value.map((one) => this.told(name, one)).join(this.lang === "ar" ? "، " : ", ");
    }
    return this.lists[LISTS[name] ?? ""]?.[String(value)] ?? String(value);
  }
}

const fill = (text: string, facts: Table): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => facts[name] ?? whole);

export async function loadSentences(lang: Lang): Promise<Sentences> {
  const [matching, records] = await Promise.all([
    import(`../../../../../hub/directory/matching/words/${lang}.json`),
    import(`../../../../../hub/directory/records/words/${lang}.json`),
  ]);
  return new Sentences(matching.default, records.default, lang);
}
