/**
 * Who reads a copy on paper: our own desk, the family or the child (R14). What a family or a child is not told is left out
 * without a trace; only the worker sees what it was, and reads the copy before handing it over.
 */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { familyCopy, READERS, type Reader } from "../../../consent/familycopy.ts";
import type { JsonObject } from "../../../rcp/encoding.ts";
import { useSay } from "../../core/app.ts";
import { Loaded } from "../../core/loading.tsx";
import { Choices } from "../../kit/controls.tsx";
import { Notice } from "../../kit/showing.tsx";
import { RemovedList } from "./they_see.tsx";
import { useSpoken } from "./room.ts";

const DESK = "desk";

/** Asks who reads, and gives the sections that this reader may see to `children`. */
export function CopyFor({
  sections,
  children,
}: {
  sections: JsonObject;
  children: (kept: JsonObject) => VNode;
}): VNode {
  const say = useSay();
  const spoken = useSpoken();
  const [reader, choose] = useState<string>(DESK);
  const { kept, removed } = reader === DESK ? { kept: sections, removed: [] } : familyCopy(sections, reader as Reader);
  return (
    <Loaded of={spoken}>
      {(words) => (
        <>
          <div class="no-print">
            <Choices
              label={say("consent.reader")}
              value={reader}
              onChoose={choose}
              options={[DESK, ...READERS].map((name) => [name, say(`consent.reader.${name}`)])}
            />
            {reader !== DESK && (
              <Notice kind="warn" live>
                <p>{say("consent.reader_about")}</p>
                {removed.length > 0 && <RemovedList removed={removed} words={words} />}
              </Notice>
            )}
          </div>
          {children(kept)}
        </>
      )}
    </Loaded>
  );
}
