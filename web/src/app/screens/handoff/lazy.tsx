/** Parts that are fetched when they are first shown: on a slow line a screen is there before all that it may come to. */

import type { ComponentType, VNode } from "preact";
import { Loaded, useLoaded } from "../../core/loading.tsx";

export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): (props: P) => VNode | null {
  return function Lazy(props: P) {
    const loading = useLoaded(async () => ({ Part: await load() }), []);
    return <Loaded of={loading}>{({ Part }) => <Part {...props} />}</Loaded>;
  };
}
