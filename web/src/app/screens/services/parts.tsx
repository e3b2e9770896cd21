/** What the screens of the service map share: the way between them, how fresh something is, and areas to choose. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { dueOf, standing, type Group } from "../../../client/freshness.ts";
import { findAreas, type Area } from "../../../client/servicemap.ts";
import type { JsonObject } from "../../../rcp/encoding.ts";
import { useApp, useSay } from "../../core/app.ts";
import { Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { date, dateOf } from "../../core/time.ts";
import { Button, TextField } from "../../kit/controls.tsx";
import { Foreign, StateWord } from "../../kit/showing.tsx";
import { areaNames, useLabels, type Labels } from "./labels.ts";
import { CHECKERS, EDITORS } from "./reader.ts";
import type { Line, Reader } from "./values.ts";

/** How many areas are offered for a name. */
const MOST = 12;
const PLACES: readonly (readonly [path: string, roles: readonly string[] | null])[] = [
  ["services", null],
  ["map", null],
  ["due", CHECKERS],
  ["requests", null],
  ["imports", null],
  ["duplicates", ["coordinator"]],
  ["gaps", null],
  ["areas", EDITORS],
];

/** The way between the screens of the map, for those that this member uses. */
export function MapNav({ here }: { here: string }): VNode {
  const { say, roles } = useApp();
  const labels = useLabels();
  if (labels.is !== "ready") return <></>;
  const mine = PLACES.filter(([, wanted]) => !wanted || wanted.some((role) => roles.includes(role)));
  return (
    <nav class="map-nav" aria-label={say("services.map_nav")}>
      <ul>
        {mine.map(([path]) => (
          <li key={path}>
            <a href={`#/${path}`} aria-current={path === here ? "page" : undefined}>
              {say(`services.nav_${path}`)}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** How somebody may say in one tap that a record is still right. */
export const tapsOf = ({ still_right: ways }: { readonly still_right: readonly string[] }): readonly string[] =>
  ways.filter((how) => how !== "coordinator").filter((how, _at, all) => how !== "provider" || all.length === 1);

/** How a group of a record stands today, when it was checked and when it is due again. */
export function Freshness({ document, group, labels }: { document: JsonObject; group: Group; labels: Labels }): VNode {
  const { say, now } = useApp();
  const due = dueOf(document, group);
  const state = standing(due, dateOf(now()));
  return (
    <p class="freshness">
      <StateWord
        words={`services.standing.${state}`}
        kind={state === "fresh" ? "good" : state === "due" ? "soon" : "late"}
      />{" "}
      {due.on && (
        <span>
          {say("services.checked_on", { day: date(say, due.on) })}
          {due.how && ` (${labels.code("proofs", due.how)})`}.{" "}
          {state === "fresh" && say("services.due_on", { day: date(say, due.due) })}
          {state === "due" && say("services.counts_until", { day: date(say, due.limit) })}
        </span>
      )}
    </p>
  );
}

export function Texts({ texts }: { texts: readonly string[] }): VNode {
  if (texts.length === 1) return <Foreign>{texts[0]!}</Foreign>;
  return (
    <ul class="plain">
      {texts.map((text) => (
        <li key={text}>
          <Foreign>{text}</Foreign>
        </li>
      ))}
    </ul>
  );
}

/** The parts of a member, each with its label; a dash where there is nothing. */
export function Lines({ lines }: { lines: readonly Line[] }): VNode {
  const say = useSay();
  if (!lines.length) return <span class="hint">{say("services.nothing")}</span>;
  if (lines.length === 1) return <Texts texts={lines[0]!.texts} />;
  return (
    <ul class="plain">
      {lines.map(({ label, texts }) => (
        <li key={label}>
          {label}: <Texts texts={texts} />
        </li>
      ))}
    </ul>
  );
}

/** One area or several, found by name in any language or by code. */
export function AreaField({
  label,
  hint,
  codes,
  many,
  error,
  onChange,
}: {
  label: string;
  hint?: string;
  codes: readonly string[];
  many?: boolean;
  error?: string | null;
  onChange: (codes: string[]) => void;
}): VNode {
  const { say, member } = useApp();
  const [text, setText] = useState("");
  const labels = useLabels();
  const names = useLoaded(
    async () => (labels.is === "ready" ? areaNames(member.hub, labels.value, codes) : new Map<string, string>()),
    [labels.is, codes.join(" ")],
  );
  const [found, setFound] = useState<readonly (readonly [string, string])[] | null>(null);
  const find = useAction(async () => {
    if (!text.trim() || labels.is !== "ready") return;
    const areas = await findAreas(member.hub, text.trim());
    const named = (one: Area) => `${labels.value.area(one)}, ${labels.value.country(one.path[0] ?? "")}`;
    setFound(areas.slice(0, MOST).map((one) => [one.code, one.level > 1 ? `${named(one)} (${one.code})` : named(one)]));
  });
  const take = (code: string) => {
    onChange(many ? [...codes.filter((one) => one !== code), code] : [code]);
    setFound(null);
    setText("");
  };
  const nameOf = (code: string) => (names.is === "ready" && names.value.get(code)) || code;
  return (
    <div class="area-field" role="group" aria-label={label}>
      <div
        class="row"
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
          event.preventDefault();
          void find.run();
        }}
      >
        <TextField
          label={label}
          hint={hint}
          error={error}
          type="search"
          value={text}
          onInput={setText}
          maxLength={100}
        />
        <Button onClick={() => find.run()} busy={find.busy} label={`${say("services.find")}: ${label}`}>
          {say("services.find")}
        </Button>
      </div>
      {codes.length > 0 && (
        <ul class="chips">
          {codes.map((code) => (
            <li key={code}>
              <Foreign>{nameOf(code)}</Foreign>
              <Button
                label={say("services.remove", { what: nameOf(code) })}
                onClick={() => onChange(codes.filter((one) => one !== code))}
              >
                {"✕"}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {find.error !== null && <Problem error={find.error} />}
      <div role="status">
        {found?.length === 0 && <p>{say("services.no_such_area")}</p>}
        {found && found.length > 0 && (
          <ul class="plain">
            {found.map(([code, name]) => (
              <li key={code}>
                <Button onClick={() => take(code)}>
                  <Foreign>{name}</Foreign>
                </Button>
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}

/** What was and what is, one beside the other, for each member that differs. */
export function Differences({
  reader,
  rows,
  heads,
}: {
  reader: Reader;
  heads: readonly string[];
  rows: readonly { readonly label: string; readonly sides: readonly (readonly Line[] | null)[] }[];
}): VNode {
  return (
    <dl class="differences">
      {rows.map(({ label, sides }) => (
        <div key={label}>
          <dt>{label}</dt>
          {sides.map((lines, index) =>
            lines === null ? null : (
              <dd key={heads[index]}>
                <span class="side">{heads[index]}</span>
                {lines.length ? <Lines lines={lines} /> : <span class="hint">{reader.say("services.nothing")}</span>}
              </dd>
            ),
          )}
        </div>
      ))}
    </dl>
  );
}
