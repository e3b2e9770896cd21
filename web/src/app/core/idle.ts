/** Locks when nobody has touched the device for a while: a phone that lies on a table opens nothing. */

import { idleMinutes } from "./settings.ts";

const TOUCHES = ["pointerdown", "keydown", "scroll", "touchstart"] as const;
const LOOK = 5_000;

/** Call `lock` once nobody has touched anything for the minutes that are set; returns what ends the watch. */
export function watchIdle(lock: () => void): () => void {
  let touched = Date.now();
  const touch = () => {
    if (Date.now() - touched < idleMinutes() * 60_000) touched = Date.now();
    else lock(); // the device slept: no timer ran, and what was open must not be shown to whoever wakes it
  };
  const timer = setInterval(() => {
    if (Date.now() - touched >= idleMinutes() * 60_000) lock();
  }, LOOK);
  TOUCHES.forEach((name) => globalThis.addEventListener(name, touch, { capture: true, passive: true }));
  return () => {
    clearInterval(timer);
    TOUCHES.forEach((name) => globalThis.removeEventListener(name, touch, { capture: true }));
  };
}
