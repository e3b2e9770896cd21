/** Codes of referrals in the reader's words: the lists that the clients in Python use, loaded when first needed. */

import { useFront } from "../../core/app.ts";
import { useLoaded, type Loading } from "../../core/loading.tsx";
import type { Lang } from "../../core/words.ts";
import type { Option } from "../../kit/controls.tsx";

type List = { readonly [code: string]: string };
type Lists = { readonly [list: string]: List };

/** A list of codes and their words. */
export class Coded {
  private readonly lists: Lists;

  constructor(lists: Lists) {
    this.lists = lists;
  }

  /** A code in words; one that has none as it is, without its underscores. */
  word(list: string, code: string): string {
    return this.lists[list]?.[code] ?? code.replace(/_/g, " ");
  }

  options(list: string, codes: readonly string[]): readonly Option[] {
    return codes.map((code) => [code, this.word(list, code)]);
  }
}

/** `codes` (reasons and barriers), `answers`, `capacity`, `who`, `how`, `needs`, `categories`, `purposes`, `steps`, … */
export async function loadCoded(lang: Lang): Promise<Coded> {
  const [referrals, records, consent, matching, timeline] = await Promise.all([
    import(`../../../../../hub/referrals/words/${lang}.json`),
    import(`../../../../../hub/directory/records/words/${lang}.json`),
    import(`../../../../../consent/words/${lang}.json`),
    import(`../../../../../hub/directory/matching/words/${lang}.json`),
    import("../../../../../hub/client/timeline.json"),
  ]);
  const { steps, roles } = timeline.default[lang];
  const { categories, purposes, services, messages } = consent.default;
  const { criteria, marks } = matching.default;
  const more = { steps, roles, categories, purposes, services, messages, criteria, marks };
  return new Coded({ ...records.default, ...referrals.default, ...more });
}

export function useCoded(): Loading<Coded> {
  const { lang } = useFront();
  return useLoaded(() => loadCoded(lang), [lang]);
}
