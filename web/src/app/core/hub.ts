/** Which hub the app talks to: the one it came from, or the one that stands in its page where somebody else serves it. */

export const hubAddress = (): string => document.querySelector<HTMLMetaElement>('meta[name="hub"]')?.content ?? "";
