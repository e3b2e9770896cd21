/**
 * Fetches the screens that somebody may need, one after the other, while nobody waits for them: so they open at once, and
 * without a line. What stands in the menu goes first.
 */

import { inMenu, SCREENS } from "./screens.ts";
import { loadWords, type Lang } from "./words.ts";

/** Milliseconds after which we look whether somebody still waits for something: that goes first. */
const LATER = 8000;

/** Begin a little later; returns what calls that off. */
export function fetchAhead(roles: readonly string[], lang: Lang): () => void {
  const { connection } = navigator as { connection?: { readonly saveData?: boolean } };
  if (connection?.saveData) return () => undefined;
  let wanted = true;
  let wait = LATER;
  let timer = setTimeout(begin, wait);
  function begin(): void {
    if (document.documentElement.hasAttribute("data-busy")) timer = setTimeout(begin, LATER);
    else void fetchAll().catch(again);
  }
  /** The line ended, or another release took its place: it is tried again, less and less often. */
  function again(): void {
    wait *= 2;
    if (wanted) timer = setTimeout(begin, wait);
  }
  async function fetchAll(): Promise<void> {
    const mine = SCREENS.filter((screen) => !screen.roles || screen.roles.some((role) => roles.includes(role)));
    for (const { path, load, words } of new Set([...inMenu(roles), ...mine])) {
      if (!wanted) return;
      await load();
      await loadWords(path, lang, words);
    }
    document.documentElement.toggleAttribute("data-ahead", true);
  }
  return () => {
    wanted = false;
    clearTimeout(timer);
  };
}
