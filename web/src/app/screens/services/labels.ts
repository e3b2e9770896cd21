/** Codes of the service map in the reader's words: the lists of `hub/directory/records/words`, loaded when first needed. */

import type { HubSession } from "../../../client/session.ts";
import { area, type Area } from "../../../client/servicemap.ts";
import { LANGS, localeOf, type Lang } from "../../core/words.ts";
import { useFront } from "../../core/app.ts";
import { useLoaded, type Loading } from "../../core/loading.tsx";
import type { Option } from "../../kit/controls.tsx";

type Lists = { readonly [list: string]: { readonly [code: string]: string } };
const LISTS: { readonly [lang in Lang]: () => Promise<{ readonly default: Lists }> } = {
  en: () => import("../../../../../hub/directory/records/words/en.json"),
  fr: () => import("../../../../../hub/directory/records/words/fr.json"),
  es: () => import("../../../../../hub/directory/records/words/es.json"),
  ar: () => import("../../../../../hub/directory/records/words/ar.json"),
};

export class Labels {
  private readonly lists: Lists;
  private readonly lang: Lang;

  constructor(lists: Lists, lang: Lang) {
    this.lists = lists;
    this.lang = lang;
  }

  /** A code in words; one that has none as it is, without its underscores. */
  code(list: string, code: string): string {
    return this.lists[list]?.[code] ?? code.replace(/_/g, " ");
  }

  options(list: string): readonly Option[] {
    return Object.entries(this.lists[list] ?? {});
  }

  /** A language by its code, in the reader's; the code where there is no name. */
  language(code: string): string {
    return this.lists["languages"]?.[code] ?? named("language", this.lang, code);
  }

  country(code: string): string {
    return named("region", this.lang, code);
  }

  /** An area in the reader's language, else in English, else by its code. */
  area({ code, names }: Pick<Area, "code" | "names">): string {
    return names[this.lang] ?? names["en"] ?? Object.values(names)[0] ?? code;
  }
}

export function useLabels(): Loading<Labels> {
  const { lang } = useFront();
  return useLoaded(() => labelsIn(lang), [lang]);
}

export async function labelsIn(lang: Lang): Promise<Labels> {
  return new Labels((await LISTS[lang]()).default, lang);
}

const areas = new Map<string, Promise<Area | null>>();

/** The names of areas by their codes, each asked for once; one that the hub does not know stays a code. */
export async function areaNames(
  hub: HubSession,
  labels: Labels,
  codes: Iterable<string>,
): Promise<Map<string, string>> {
  const found = await Promise.all([...new Set(codes)].map(async (code) => [code, await areaOf(hub, code)] as const));
  return new Map(found.map(([code, one]) => [code, one ? labels.area(one) : code]));
}

function areaOf(hub: HubSession, code: string): Promise<Area | null> {
  const known = areas.get(code);
  if (known) return known;
  const asked = area(hub, code).catch(() => {
    areas.delete(code);
    return null;
  });
  areas.set(code, asked);
  return asked;
}

function named(type: "language" | "region", lang: Lang, code: string): string {
  try {
    return new Intl.DisplayNames([localeOf(lang)], { type }).of(code) ?? code;
  } catch {
    return code;
  }
}

export const inEachLanguage = (): readonly Option[] =>
  LANGS.map((lang) => [lang, new Intl.DisplayNames([lang], { type: "language" }).of(lang) ?? lang]);

const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
/** What has a code and a name among countries and is none: unions, islands' posts, codes for trials. */
const NO_COUNTRY = new Set("AC CP CQ DG EA EU EZ IC QO TA UN XA XB ZZ".split(" "));

/** All countries that the browser has a name for, in the reader's order. */
export function countryOptions(labels: Labels): readonly Option[] {
  const codes = LETTERS.flatMap((one) => LETTERS.map((other) => `${one}${other}`)).filter(
    (code) => !NO_COUNTRY.has(code) && new Intl.Locale(`und-${code}`).region === code,
  );
  const named = codes.map((code): Option => [code, labels.country(code)]).filter(([code, name]) => name !== code);
  return named.sort(([, one], [, other]) => one.localeCompare(other));
}
