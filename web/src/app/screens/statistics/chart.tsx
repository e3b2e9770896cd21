/** Bars beside each other, with the table that they are drawn from: nothing is said by a bar alone. */

import type { VNode } from "preact";
import { useSay } from "../../core/app.ts";
import { Table, type Column } from "../../kit/showing.tsx";

export interface Bar {
  readonly name: string;
  /** Null where the number is hidden. */
  readonly value: number | null;
  readonly said: string;
}

const LINE = 30;
const LABEL = 165;
const WIDTH = 360;
const ROOM = 75;
const LONGEST = 22;

/** Drawn with names at one side and bars from there; in right-to-left languages it is mirrored. */
export function Bars({ title, bars }: { title: string; bars: readonly Bar[] }): VNode | null {
  const say = useSay();
  const most = Math.max(1, ...bars.map(({ value }) => value ?? 0));
  const flip = say.lang === "ar";
  const at = (x: number) => (flip ? WIDTH - x : x);
  if (!bars.length) return null;
  return (
    <svg class="bars" viewBox={`0 0 ${WIDTH} ${bars.length * LINE}`} role="img" aria-label={title}>
      {bars.map(({ name, value, said }, index) => {
        const length = ((value ?? 0) / most) * (WIDTH - LABEL - ROOM);
        const y = index * LINE;
        return (
          <g key={name}>
            <text x={at(LABEL - 8)} y={y + LINE / 2} class="end">
              {name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name}
            </text>
            <rect
              class="bar"
              x={flip ? at(LABEL + length) : LABEL}
              y={y + 5}
              width={Math.max(length, 1)}
              height={LINE - 10}
            />
            <text x={at(LABEL + length + 8)} y={y + LINE / 2} class="start">
              {said}
            </text>
          </g>
        );
      })}
    </svg>
  );
}

/** A drawing and its table. */
export function Plot<T>({
  title,
  bars,
  rows,
  columns,
  keyOf,
}: {
  title: string;
  bars: readonly Bar[];
  rows: readonly T[];
  columns: readonly Column<T>[];
  keyOf: (row: T) => string;
}): VNode {
  return (
    <figure class="plot">
      <Bars title={title} bars={bars} />
      <Table caption={title} rows={rows} columns={columns} keyOf={keyOf} />
    </figure>
  );
}
