/** Waiting for what the hub or the keys give: one way to show that it takes time, failed, or is here. */

import type { VNode } from "preact";
import { useCallback, useContext, useEffect, useRef, useState } from "preact/hooks";
import { Button } from "../kit/controls.tsx";
import { InPage, Notice, Page } from "../kit/showing.tsx";
import { useSay } from "./app.ts";
import { told } from "./errors.ts";
import { go } from "./router.ts";

export type Loading<T> =
  | { readonly is: "waiting"; readonly again: () => void }
  | { readonly is: "failed"; readonly error: unknown; readonly again: () => void }
  | { readonly is: "ready"; readonly value: T; readonly again: () => void };

/** Milliseconds after which somebody wonders whether anything happens. */
const LONG = 3000;

let underWay = 0;

/** Whether anything is loaded just now stands on the page itself: style, and whoever drives a browser, can see it. */
function busy(more: number): void {
  underWay += more;
  document.documentElement.toggleAttribute("data-busy", underWay > 0);
}

/** What `make` gives, made anew when one of `deps` changes. While that happens the old value is shown. */
export function useLoaded<T>(make: () => Promise<T>, deps: readonly unknown[]): Loading<T> {
  const [held, hold] = useState<{ value: T } | { error: unknown } | null>(null);
  const [round, setRound] = useState(0);
  const again = useCallback(() => setRound((one) => one + 1), []);
  useEffect(() => {
    let wanted = true;
    busy(1);
    make()
      .then(
        (value) => wanted && hold({ value }),
        (error: unknown) => wanted && hold({ error }),
      )
      .finally(() => busy(-1));
    return () => {
      wanted = false;
    };
  }, [...deps, round]);
  if (!held) return { is: "waiting", again };
  return "value" in held ? { is: "ready", value: held.value, again } : { is: "failed", error: held.error, again };
}

export function Loaded<T>({ of, children }: { of: Loading<T>; children: (value: T) => VNode | null }): VNode | null {
  const say = useSay();
  const inPage = useContext(InPage);
  if (of.is === "ready") return children(of.value);
  if (of.is === "waiting") return <OnItsWay />;
  const failed = (
    <div>
      <Problem error={of.error} />
      <Button onClick={of.again}>{say("app.try_again")}</Button>
    </div>
  );
  return inPage ? (
    failed
  ) : (
    <Page title={say("app.not_shown")} back="inbox">
      {failed}
    </Page>
  );
}

/** Something is on its way. If that takes long, it is said that the line is slow, and there is a way back. */
export function OnItsWay(): VNode {
  const say = useSay();
  const inPage = useContext(InPage);
  const [long, set] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => set(true), LONG);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class="waiting">
      <p role="status">{say(long ? "app.slow_line" : "app.one_moment")}</p>
      {long && !inPage && (
        <p>
          <Button onClick={() => (history.length > 1 ? history.back() : go("inbox"))}>{say("app.back")}</Button>
        </p>
      )}
    </div>
  );
}

/** An error in the reader's words: what happened, and what to do next. */
export function Problem({ error }: { error: unknown }): VNode {
  const say = useSay();
  const { what, todo } = told(say, error);
  return (
    <Notice kind="warn" live>
      <p>
        <strong>{what}</strong>
      </p>
      {todo && <p>{todo}</p>}
    </Notice>
  );
}

export interface Acting<A extends readonly unknown[]> {
  run(...given: A): Promise<void>;
  readonly busy: boolean;
  readonly error: unknown;
  /** Whether it was done at least once, and nothing since failed. */
  readonly done: boolean;
}

/** Something that a person sets off: never twice at once, and its error is kept for the screen to show. */
export function useAction<A extends readonly unknown[]>(act: (...given: A) => Promise<unknown>): Acting<A> {
  const [state, set] = useState<{ busy: boolean; error: unknown; done: boolean }>({
    busy: false,
    error: null,
    done: false,
  });
  const running = useRef(false);
  const run = async (...given: A) => {
    if (running.current) return;
    running.current = true;
    set({ busy: true, error: null, done: false });
    try {
      await act(...given);
      set({ busy: false, error: null, done: true });
    } catch (error) {
      set({ busy: false, error, done: false });
    } finally {
      running.current = false;
    }
  };
  return { run, ...state };
}
