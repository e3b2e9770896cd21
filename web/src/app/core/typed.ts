/**
 * What a person typed and did not send yet: kept on this device, sealed, so that a lock, a closed page or a look at another
 * screen loses none of it. Only words are worth it; a day that was proposed yesterday is proposed anew.
 */

import { useEffect, useRef, useState } from "preact/hooks";
import { useApp } from "./app.ts";

type Words = string | { readonly [name: string]: string };

/** Words under a name of their own, how to change them, and how to let go of them once they were sent. */
export function useTyped<T extends Words = string>(
  name: string,
  empty: NoInfer<T>,
): readonly [T, (words: T) => void, () => Promise<void>] {
  const { local } = useApp();
  const [words, set] = useState<T>(empty);
  const touched = useRef(false);
  useEffect(() => {
    void local.get("draft", name).then((found) => {
      if (found !== null && typeof found === typeof empty && !touched.current) set(found as T);
    });
  }, [local, name]);
  const type = (typed: T) => {
    touched.current = true;
    set(typed);
    void local.put("draft", name, typed);
  };
  return [words, type, () => local.delete("draft", name)];
}
