/** The first line of a table on paper. */

import type { VNode } from "preact";

export function Heads({ of }: { of: readonly string[] }): VNode {
  return (
    <thead>
      <tr>
        {of.map((head) => (
          <th scope="col" key={head}>
            {head}
          </th>
        ))}
      </tr>
    </thead>
  );
}
