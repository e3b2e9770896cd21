/** Outlines of areas. The drawing says nothing that the list does not: each area has its number of the list. */

import type { VNode } from "preact";
import type { Outlines } from "../../../client/servicemap.ts";
import { useApp } from "../../core/app.ts";
import { sheetOf } from "../gaps/draw.ts";

/** More numbers than these lie on one another. */
const MOST = 80;

export function Outline({
  shapes,
  numbers = new Map(),
  chosen = null,
}: {
  shapes: Outlines;
  numbers?: ReadonlyMap<string, number>;
  chosen?: string | null;
}): VNode {
  const { say } = useApp();
  const sheet = sheetOf(shapes);
  if (!sheet) return <p class="hint">{say("areas.no_outlines")}</p>;
  return (
    <figure class="gap-map">
      <svg viewBox={`-8 -8 ${sheet.width + 16} ${sheet.height + 16}`} role="img" aria-label={say("areas.drawn")}>
        {sheet.shapes.map(({ code, path }) => (
          <path key={code} d={path} class={code === chosen ? "gap-usable" : "gap-unknown"} />
        ))}
        {numbers.size <= MOST &&
          sheet.shapes.map(({ code, x, y }) => (
            <text key={code} x={x} y={y}>
              {numbers.get(code) ?? ""}
            </text>
          ))}
      </svg>
      <figcaption class="hint">{say("services.borders")}</figcaption>
    </figure>
  );
}
