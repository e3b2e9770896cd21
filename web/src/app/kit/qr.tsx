/** A square that a camera reads; what it says stands beside it as text, for whoever has none. */

import type { VNode } from "preact";
import { useLoaded } from "../core/loading.tsx";

const RIM = 2;

export function Qr({ text, label }: { text: string; label: string }): VNode | null {
  const loading = useLoaded(() => import("uqr"), []);
  if (loading.is !== "ready") return null;
  const { data, size } = loading.value.encode(text, { border: RIM });
  const dark = data.flatMap((row, y) => row.map((on, x) => (on ? `M${x} ${y}h1v1h-1z` : "")));
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shape-rendering="crispEdges">
      <rect width={size} height={size} class="qr-light" />
      <path d={dark.join("")} class="qr-dark" />
    </svg>
  );
}
