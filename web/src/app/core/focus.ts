/** Where the focus goes when what had it is taken away: a button whose work is done, a card that was dealt with. */

import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";

const HEADINGS = "h1, h2, h3";

/**
 * Keeps the focus within an element. Browsers give it to nobody when what had it is removed, and whoever works by
 * keyboard or screen reader is thrown to the start of the page. Here it goes to the heading of what stands next in its
 * place, or of what it stood in (WCAG 2.2, 2.4.3).
 */
export function useFocusKept(within: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const root = within.current;
    if (!root) return;
    let last: Element | null = null;
    const remember = ({ target }: Event) => (last = target as Element);
    const forget = () => (last = null); // whoever presses beside everything means to leave it
    const observer = new MutationObserver((changes) => {
      if (!last || last.isConnected) return;
      const removed = changes.find(({ removedNodes }) => [...removedNodes].some((one) => one.contains(last)));
      last = null;
      if (removed && document.activeElement === document.body) nextTo(removed, root)?.focus();
    });
    observer.observe(root, { childList: true, subtree: true });
    root.addEventListener("focusin", remember);
    document.addEventListener("pointerdown", forget);
    return () => {
      observer.disconnect();
      root.removeEventListener("focusin", remember);
      document.removeEventListener("pointerdown", forget);
    };
  }, []);
}

function nextTo({ nextSibling, previousSibling, target }: MutationRecord, root: Element): HTMLElement | null {
  const places = [nextSibling, previousSibling];
  for (let at: Node | null = target; at && root.contains(at); at = at.parentNode) places.push(at);
  for (const place of places) {
    if (!(place instanceof Element) || !place.isConnected) continue;
    const heading = place.matches(HEADINGS) ? place : place.querySelector(HEADINGS);
    if (!(heading instanceof HTMLElement)) continue;
    heading.tabIndex = -1;
    return heading;
  }
  return root.querySelector("h1");
}
