/** The words of this room, and of the consents that Python reads too, for screens that show a part of it. */

import { useFront } from "../../core/app.ts";
import { useLoaded, type Loading } from "../../core/loading.tsx";
import { loadWords, type Lang } from "../../core/words.ts";
import { spoken, type Words } from "../../../consent/words.ts";

export const loadConsentWords = (lang: Lang): Promise<void> =>
  loadWords("consent", lang, (one) => import(`./words/${one}.json`));

/** The sentences and names of the policy in the reader's language; this room's own words are there with them. */
export function useSpoken(): Loading<Words> {
  const { lang } = useFront();
  return useLoaded(async () => (await Promise.all([spoken(lang), loadConsentWords(lang)]))[0], [lang]);
}
