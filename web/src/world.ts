/** What parts of the world are called, in the app and on a link's page. */

export type World = "region" | "language";

/** A country or a language as `Intl` calls it in a locale, or as it calls itself; null where neither is known. */
export function nameOf(locale: string, type: World, code: string): string | null {
  const own = (type === "language" && UNKNOWN_TO_BROWSERS.get(code)) || null;
  try {
    return new Intl.DisplayNames(locale, { type, fallback: "none" }).of(code) ?? own;
  } catch {
    return own;
  }
}

/** Languages that browsers on phones have no name for, as they call themselves. */
const UNKNOWN_TO_BROWSERS: ReadonlyMap<string, string> = new Map([
  ["aa", "Qafar af (Afar)"],
  ["dyo", "Joola (Diola)"],
  ["dz", "རྫོང་ཁ (Dzongkha)"],
  ["ff", "Fulfulde"],
  ["fon", "Fɔngbè (Fon)"],
  ["kab", "Taqbaylit (Kabyle)"],
  ["man", "Mandingo"],
  ["mnk", "Mandinka"],
  ["mos", "Mooré"],
  ["nah", "Nahuatl"],
  ["quc", "Kʼicheʼ"],
  ["rn", "Ikirundi"],
  ["sg", "Sängö (Sango)"],
  ["snk", "Sooninke"],
  ["srr", "Seereer"],
  ["ss", "siSwati"],
  ["sus", "Sosoxui (Susu)"],
  ["tig", "ትግረ (Tigre)"],
  ["wal", "Wolaytta"],
  ["zgh", "Tamazight"],
]);
