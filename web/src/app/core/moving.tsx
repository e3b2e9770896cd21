/** How far a large packet has come over the line, to the hub or from it, on whatever screen one is. */

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Progress } from "../kit/showing.tsx";
import { useApp } from "./app.ts";

/** Below this nobody waits long enough to ask. */
const LARGE = 200 * 1024;
/** Milliseconds without news after which nothing moves any more: whoever waits is told of the error elsewhere. */
const STILL = 90_000;

interface Way {
  readonly way: "up" | "down";
  readonly part: number;
}

export function Moving(): VNode | null {
  const { say, member } = useApp();
  const [moving, set] = useState<Way | null>(null);
  useEffect(() => {
    let still: ReturnType<typeof setTimeout> | undefined;
    member.hub.onProgress = (done, total, way) => {
      if (total < LARGE) return;
      clearTimeout(still);
      still = setTimeout(() => set(null), STILL);
      set(done < total ? { way, part: done / total } : null);
    };
    return () => {
      clearTimeout(still);
      member.hub.onProgress = null;
    };
  }, [member]);
  return moving && <Progress label={say(`app.moving_${moving.way}`)} part={moving.part} />;
}
