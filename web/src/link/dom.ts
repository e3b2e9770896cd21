/** Elements out of text. Nothing here takes markup, so no value can become any. */

export type Child = Node | string | null;
type Properties = { [name: string]: string | boolean | ((event: Event) => void) };

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Properties = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** What others wrote: shown as text, in the direction of its own letters. */
export const foreign = (text: string): HTMLElement => el("bdi", { dir: "auto" }, text);
