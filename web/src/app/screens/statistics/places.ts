/** Of whom a count is, in words. */

import type { CountLine } from "../../../client/reports.ts";
import type { HubSession } from "../../../client/session.ts";
import { UNSAID } from "../../../client/suppression.ts";
import { localeOf, type Lang, type Say } from "../../core/words.ts";
import { areaNames, labelsIn, type Labels } from "../services/labels.ts";
import { joined } from "../services/values.ts";

export type Place = Pick<CountLine, "service" | "area" | "age_band" | "sex">;

/** What names a place is told with. */
export interface Named {
  readonly labels: Labels;
  readonly names: ReadonlyMap<string, string>;
}

export async function named(hub: HubSession, lang: Lang, areas: readonly (string | null)[]): Promise<Named> {
  const labels = await labelsIn(lang);
  const codes = areas.flatMap((area) => (area === null || area === UNSAID ? [] : [area]));
  return { labels, names: await areaNames(hub, labels, codes) };
}

/** Of whom a count is: service, area, age and sex as far as it goes, else all. */
export function placeOf(say: Say, { labels, names }: Named, row: Place): string {
  const unsaid = (code: string, words: () => string) => (code === "unsaid" ? say("statistics.unsaid") : words());
  const parts = [
    row.service && unsaid(row.service, () => labels.code("needs", row.service!)),
    row.area && unsaid(row.area, () => names.get(row.area!) ?? row.area!),
    row.age_band && unsaid(row.age_band, () => labels.code("age_groups", row.age_band!)),
    row.sex && (row.sex === "female" ? labels.code("sexes", "female") : say("statistics.others")),
  ].filter((part): part is string => Boolean(part));
  return joined(say, parts) || say("statistics.all");
}

export const amount = (say: Say, value: number): string => new Intl.NumberFormat(localeOf(say.lang)).format(value);
