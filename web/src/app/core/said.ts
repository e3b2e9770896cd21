/** What was done on one screen, said once on the page that it leads to: words of the app, and nothing of a case. */

let next: { readonly path: string; readonly words: string } | null = null;

/** Say this on the page of a path when it opens. */
export function sayNext(path: string, words: string): void {
  next = { path, words };
}

/** What is to be said on the page of a path, once. */
export function takeSaid(path: string): string | null {
  const words = next?.path === path ? next.words : null;
  forgetSaid();
  return words;
}

export function forgetSaid(): void {
  next = null;
}
