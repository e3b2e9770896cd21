/**
 * Lets exactly one string become markup: the one by which Leaflet, when it is loaded, asks whether a browser knows SVG. All
 * other text that some code would make markup of is refused, as the policy of the page wants it. Imported before Leaflet.
 */

interface Policies {
  createPolicy(name: string, rules: { createHTML(text: string): string | null }): unknown;
}

const ASKED = "<svg/>";

(globalThis as { trustedTypes?: Policies }).trustedTypes?.createPolicy("default", {
  createHTML: (text) => (text === ASKED ? text : null),
});
