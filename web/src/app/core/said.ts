/** What was done on one screen, said once on the next: words of the app, and nothing of a case. */

let next: string | null = null;

/** Say this on the page that opens now. */
export function sayNext(words: string): void {
  next = words;
}

export function takeSaid(): string | null {
  const words = next;
  next = null;
  return words;
}
