/** The address after `#`: no server learns which screen or which case somebody looks at. */

import { createContext } from "preact";
import { useEffect, useState } from "preact/hooks";

export interface Place {
  readonly path: string;
  readonly args: readonly string[];
  readonly query: { readonly [name: string]: string };
}

export function placeOf(hash: string): Place {
  const [way = "", asked = ""] = hash.replace(/^#\/?/, "").split("?");
  const [path = "", ...args] = way.split("/").map(decoded);
  return { path, args, query: Object.fromEntries(new URLSearchParams(asked)) };
}

/** Where the screen that is shown stands. */
export const PlaceContext = createContext<Place>(placeOf(""));

export function usePlace(): Place {
  const [place, set] = useState(() => placeOf(globalThis.location.hash));
  useEffect(() => {
    const change = () => set(placeOf(globalThis.location.hash));
    globalThis.addEventListener("hashchange", change);
    change(); // it may be another by now
    return () => globalThis.removeEventListener("hashchange", change);
  }, []);
  return place;
}

export const go = (path: string): void => {
  globalThis.location.hash = `#/${path}`;
};

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
