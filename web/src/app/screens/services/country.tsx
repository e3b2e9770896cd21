/** The country that a screen of the map is about. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { useApp } from "../../core/app.ts";
import { useLoaded } from "../../core/loading.tsx";
import { Choice } from "../../kit/controls.tsx";
import { countryOptions, type Labels } from "./labels.ts";

/** The country that was asked for, else the own agency's, "" until that is known; and what chooses another one. */
export function useCountry(asked: string): readonly [string, (labels: Labels) => VNode] {
  const { say, member } = useApp();
  const [chosen, choose] = useState(asked);
  const home = useLoaded(async () => (await member.home()).entry.country, []);
  const country = chosen || (home.is === "ready" ? home.value : "");
  const choice = (labels: Labels) => (
    <Choice label={say("services.field.country")} value={country} options={countryOptions(labels)} onChoose={choose} />
  );
  return [country, choice];
}
