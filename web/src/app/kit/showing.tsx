/** What is shown and not typed: pages, cards, notices, tables, who has the ball and by when. */

import { createContext, type VNode } from "preact";
import { useContext, useEffect, useRef } from "preact/hooks";
import { useFront, useSay, type Children } from "../core/app.ts";
import { useFocusKept } from "../core/focus.ts";
import { PlaceContext } from "../core/router.ts";
import { away, moment } from "../core/time.ts";
import type { Say } from "../core/words.ts";

/** Whether something stands in a page, and so below a heading. */
export const InPage = createContext(false);

/** What the browser's history says of a screen: its kind, and never whom it is about. */
function nameOf(say: Say, path: string): string {
  const key = `app.nav_${{ handoff: "inbox", transfer: "transfers" }[path] ?? path}`;
  return say.has(key) ? `${say(key)} · Handover` : "Handover";
}

interface PageProps {
  readonly title: string;
  readonly back?: string;
  /** What was done on the screen before, said beside the heading. */
  readonly said?: string | null;
  readonly children: Children;
}

/** A whole screen. Its heading gets the focus when it appears, so that a screen reader says where one is; it stays within. */
export function Page({ title, back, said = null, children }: PageProps): VNode {
  const say = useSay();
  const { path } = useContext(PlaceContext);
  const page = useRef<HTMLDivElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  useFocusKept(page);
  useEffect(() => {
    document.title = nameOf(say, path);
    heading.current?.focus();
    globalThis.scrollTo?.(0, 0);
  }, [title]);
  return (
    <div class="page" ref={page}>
      {back !== undefined && (
        <p class="back">
          <a href={`#/${back}`}>{say("app.back")}</a>
        </p>
      )}
      <h1 tabIndex={-1} ref={heading} aria-describedby={said === null ? undefined : "said"}>
        {title}
      </h1>
      {said !== null && (
        <Notice kind="good">
          <p id="said">{said}</p>
        </Notice>
      )}
      <InPage.Provider value={true}>{children}</InPage.Provider>
    </div>
  );
}

export function Card({ title, children, kind = "" }: { title?: string; children: Children; kind?: string }): VNode {
  return (
    <section class={`card ${kind}`}>
      {title !== undefined && <h2>{title}</h2>}
      {children}
    </section>
  );
}

export interface NoticeProps {
  readonly kind?: "info" | "good" | "warn";
  /** Whether a screen reader says it when it appears. */
  readonly live?: boolean;
  readonly children: Children;
}

/** Something to know before one goes on. Its kind is said in words as well as shown by colour. */
export function Notice({ kind = "info", live = false, children }: NoticeProps): VNode {
  const say = useSay();
  return (
    <div class={`notice ${kind}`} role={live ? (kind === "warn" ? "alert" : "status") : undefined}>
      {kind !== "info" && <span class="mark">{say(`app.notice_${kind}`)} </span>}
      {children}
    </div>
  );
}

/** What somebody else wrote: text, in the direction of its own letters. */
export function Foreign({ children }: { children: string }): VNode {
  return <bdi dir="auto">{children}</bdi>;
}

export type Holder = "us" | "them" | "hub" | "nobody";

/** Who has to do something next. `name` is the other side's, or one's own colleague's. */
export function Ball({ who, name }: { who: Holder; name?: string }): VNode {
  const say = useSay();
  return (
    <span class={`ball ${who}`}>
      {name !== undefined && who === "them" ? (
        <>
          {say("app.ball_waiting")} <Foreign>{name}</Foreign>
        </>
      ) : (
        say(`app.ball_${who}`)
      )}
    </span>
  );
}

/** By when: how far away, and the moment itself for whoever looks closer. Overdue is a word, not a colour alone. */
export function Due({ at }: { at: number | null }): VNode | null {
  const { say, now } = useFront();
  if (at === null) return null;
  const over = at < now();
  const words = say(over ? "app.overdue" : "app.due", { away: away(say, at, now()) });
  return (
    <span class={over ? "due over" : "due"}>
      {words} <time dateTime={new Date(at * 1000).toISOString()}>({moment(say, at)})</time>
    </span>
  );
}

/** A state, in the words of the field; `words` is the full key. */
export function StateWord({ words, kind = "" }: { words: string; kind?: string }): VNode {
  const say = useSay();
  return <span class={`state ${kind}`}>{say(words)}</span>;
}

export interface Column<T> {
  readonly title: string;
  readonly cell: (row: T) => Children;
  readonly number?: boolean;
}

/** Rows of the same form. On a small screen each row becomes a block whose cells say their column's title. */
export function Table<T>({
  caption,
  columns,
  rows,
  keyOf,
}: {
  caption: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf: (row: T) => string;
}): VNode {
  return (
    <div class="scroll" role="region" aria-label={caption} tabIndex={0}>
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ title, number }) => (
              <th scope="col" class={number ? "number" : undefined} key={title}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ title, cell, number }) => (
                <td data-title={title} class={number ? "number" : undefined} key={title}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Names and what they stand for, as a list of terms. */
export function Facts({ rows }: { rows: readonly (readonly [string, Children])[] }): VNode {
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** That there is nothing, and what one can do about it. */
export function Empty({ children }: { children: Children }): VNode {
  return <div class="empty">{children}</div>;
}

/** Long work: how much of it is done, from 0 to 1; null while nobody knows. */
export function Progress({ label, part }: { label: string; part: number | null }): VNode {
  return (
    <p class="progress">
      <label>
        {label} <progress max={1} value={part ?? undefined} />
      </label>
      <span class="hidden" role="status">
        {part === null ? label : `${label} ${Math.floor(part * 10) * 10} %`}
      </span>
    </p>
  );
}

/** Where one is in a row of steps. */
export function Steps({ names, at }: { names: readonly string[]; at: number }): VNode {
  const say = useSay();
  return (
    <nav aria-label={say("app.steps")} class="steps">
      <ol>
        {names.map((name, index) => (
          <li key={name} aria-current={index === at ? "step" : undefined} class={index < at ? "past" : ""}>
            {name}
            {index < at && <span class="hidden"> {say("app.step_done")}</span>}
          </li>
        ))}
      </ol>
    </nav>
  );
}
