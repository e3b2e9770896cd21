/** Lists in a record: numbers, languages, places, promises, groups of persons, opening hours; and what is our own agency's. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { records } from "../../../client/servicemap.ts";
import { isObject, type Json, type JsonObject } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import {
  Button,
  Choice,
  DateField,
  Field,
  TextArea,
  TextField,
  Tick,
  Ticks,
  type Option,
} from "../../kit/controls.tsx";
import { Amount, Listed, OrAny, texts, type ControlProps } from "./choose.tsx";
import { isEmpty } from "./fields.ts";
import { DAYS, list, member as memberOf, weekday } from "./values.ts";

/** Which agency somebody is in Handover: a person says so of their own alone. */
export function OurAgency({ label, value, set, error }: ControlProps): VNode {
  const { say, member } = useApp();
  const agencies = [...new Set([member.agency, ...(typeof value === "string" ? [value] : [])])];
  const options = agencies.map((one): Option => [one, one.replace("urn:rcp:agency:", "")]);
  const chosen = typeof value === "string" ? value : "";
  return (
    <Choice
      {...{ label, error: error ?? null, options }}
      none={say("services.not_known")}
      value={chosen}
      onChoose={set}
    />
  );
}

/** Where referrals for a service arrive: one of the own agency's inboxes. */
export function OurInbox({ label, value, set, error }: ControlProps): VNode {
  const { say, member } = useApp();
  const loading = useLoaded(async () => (await member.home()).entry.inboxes, []);
  const chosen = typeof value === "string" ? value : "";
  return (
    <Loaded of={loading}>
      {(own) => {
        const inboxes = [...new Set([...own, ...(chosen ? [chosen] : [])])];
        const options = inboxes.map((one): Option => [
          one,
          own.includes(one) ? say("services.our_inbox", { number: own.indexOf(one) + 1 }) : one,
        ]);
        return (
          <Choice
            {...{ label, error: error ?? null, options }}
            none={say("services.no_inbox")}
            value={chosen}
            onChoose={set}
          />
        );
      }}
    </Loaded>
  );
}

/** A list that is written one item a line. */
export function Rows({
  label,
  error,
  set,
  hint,
  texts: rows,
  read,
}: ControlProps & {
  hint: string;
  texts: readonly string[];
  read: (rows: string[]) => Json;
}): VNode {
  const [typed, setTyped] = useState(rows.join("\n"));
  const change = (given: string) => {
    setTyped(given);
    set(
      read(
        given
          .split("\n")
          .map((row) => row.trim())
          .filter(Boolean),
      ),
    );
  };
  return (
    <TextArea {...{ label, error: error ?? null, hint, optional: true }} rows={3} value={typed} onInput={change} />
  );
}

/** Numbers one a line; what else is known of a number stays with it. */
export function Phones(props: ControlProps): VNode {
  const { say } = useApp();
  const [before] = useState(list(props.value ?? null));
  const numbers = before.map((row) => String(memberOf(row, "number")));
  const rowOf = (number: string): Json => before.find((row) => memberOf(row, "number") === number) ?? { number };
  return <Rows {...props} hint={say("services.one_a_line")} texts={numbers} read={(rows) => rows.map(rowOf)} />;
}

export function Languages({ label, value, labels, set }: ControlProps): VNode {
  const rows = list(value ?? null);
  const codes = rows.map((row) => String(memberOf(row, "code")));
  const known = labels.options("languages");
  const all = [
    ...known,
    ...codes
      .filter((code) => code && !known.some(([one]) => one === code))
      .map((code): Option => [code, labels.language(code)]),
  ];
  const rowOf = (code: string): Json => rows.find((row) => memberOf(row, "code") === code) ?? { code };
  return <Listed {...{ label }} values={codes} options={all} error={null} set={(chosen) => set(chosen.map(rowOf))} />;
}

/** Where a service is, or whose it is: out of the records that the own agency keeps. */
export function Records({ label, as, value, set, error }: ControlProps): VNode {
  const { say, member } = useApp();
  const kind = as.is === "sites" ? "site" : "provider";
  const loading = useLoaded(async () => (await records(member.hub, { kind, mine: true, limit: 500 })).items, [kind]);
  const rows = list(value ?? null);
  const ids = rows.map((row) => String(memberOf(row, "location_id")));
  const rowOf = (id: string): Json => rows.find((row) => memberOf(row, "location_id") === id) ?? { location_id: id };
  return (
    <Loaded of={loading}>
      {(found) => {
        const options = found.map(({ id, document }): Option => [id, String(document["name"] ?? id)]);
        if (as.is === "provider") {
          return (
            <Choice
              {...{ label, error: error ?? null, options }}
              none={say("services.choose")}
              value={String(value ?? "")}
              onChoose={set}
            />
          );
        }
        const unseen = ids
          .filter((id) => !options.some(([one]) => one === id))
          .map((id): Option => [id, say("services.other_place")]);
        return (
          <Ticks
            {...{ label, error: error ?? null }}
            values={ids}
            options={[...options, ...unseen]}
            onChange={(chosen) => set(chosen.map(rowOf))}
          />
        );
      }}
    </Loaded>
  );
}

/** Promises of a provider, each with the last day on which it counts. */
export function LastDays({ label, value, labels, set, list: name }: ControlProps & { list: string }): VNode {
  const { say } = useApp();
  const days: JsonObject = isObject(value) ? value : {};
  const change = (code: string, day: string) => {
    const rest = Object.entries({ ...days, [code]: day }).filter(([, last]) => last);
    set(Object.fromEntries(rest));
  };
  return (
    <fieldset class="field">
      <legend>{label}</legend>
      <p class="hint">{say("services.last_days_hint")}</p>
      {labels.options(name).map(([code, words]) => (
        <DateField
          key={code}
          label={words}
          optional
          value={String(days[code] ?? "")}
          onInput={(day) => change(code, day)}
        />
      ))}
    </fieldset>
  );
}

/** Groups of persons, any of which is enough. */
export function Bands({ label, value, labels, set }: ControlProps): VNode {
  const { say } = useApp();
  const rows = list(value ?? null).map((row) => (isObject(row) ? row : {}));
  const [round, setRound] = useState(0); // what is typed in one that goes is not that of its follower
  const change = (index: number, name: string, part: Json) => {
    const { [name]: _gone, ...rest } = rows[index]!;
    set(rows.map((row, at) => (at === index ? (isEmpty(part) ? rest : { ...rest, [name]: part }) : row)));
  };
  return (
    <fieldset class="field">
      <legend>{label}</legend>
      <p class="hint">{say("services.bands_hint")}</p>
      {rows.map((row, index) => (
        <fieldset class="part" key={`${round} ${index}`}>
          <legend>{say("services.band", { number: index + 1 })}</legend>
          <div class="columns">
            {["age_from", "age_to"].map((name) => (
              <Amount
                key={name}
                whole={false}
                label={say(`services.${name}`)}
                as={{ is: "number" }}
                value={row[name]}
                labels={labels}
                set={(part) => change(index, name, part)}
              />
            ))}
          </div>
          {(["sexes", "situations"] as const).map((name) => (
            <OrAny
              key={name}
              {...{ labels, as: { is: "many", list: name } }}
              label={say(`services.${name}`)}
              value={row[name]}
              set={(part) => change(index, name, part)}
            >
              {(values) => (
                <Ticks
                  label={say(`services.${name}`)}
                  values={values}
                  options={labels.options(name)}
                  onChange={(chosen) => change(index, name, chosen)}
                />
              )}
            </OrAny>
          ))}
          <Button onClick={() => (set(rows.filter((_row, at) => at !== index)), setRound(round + 1))}>
            {say("services.remove_band")}
          </Button>
        </fieldset>
      ))}
      <Button onClick={() => set([...rows, {}])}>{say("services.add_band")}</Button>
    </fieldset>
  );
}

/** When it is open: days with one or several intervals, at the clock of a zone. Exceptions stay as they are. */
export function Hours({ label, value, set }: ControlProps): VNode {
  const { say } = useApp();
  const hours: JsonObject = isObject(value) ? value : {};
  const week = list(hours["week"] ?? null).map((row) => (isObject(row) ? row : {}));
  const zone = String(hours["zone"] ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
  const change = (more: JsonObject) => {
    const rest = Object.fromEntries(Object.entries({ ...hours, zone, ...more }).filter(([, part]) => part !== null));
    set(rest["always"] || list(rest["week"] ?? null).length || rest["exceptions"] ? rest : null);
  };
  const row = (index: number, more: JsonObject) =>
    change({ week: week.map((one, at) => (at === index ? { ...one, ...more } : one)) });
  const days = DAYS.map((code): Option => [code, weekday(say, code)]);
  const time = (index: number, name: "opens" | "closes") => (
    <Field label={say(`services.${name}`)}>
      {(tied) => (
        <input
          {...tied}
          type="time"
          value={String(week[index]![name] ?? "")}
          onInput={(event) => row(index, { [name]: event.currentTarget.value })}
        />
      )}
    </Field>
  );
  return (
    <fieldset class="field">
      <legend>{label}</legend>
      <Tick
        label={say("services.always_open")}
        checked={hours["always"] === true}
        onTick={(on) => change(on ? { always: true, week: null } : { always: null })}
      />
      {hours["always"] !== true && (
        <>
          {week.map((one, index) => (
            <fieldset class="part" key={index}>
              <legend>{say("services.interval", { number: index + 1 })}</legend>
              <Ticks
                label={say("services.days")}
                values={texts(one["days"])}
                options={days}
                onChange={(chosen) => row(index, { days: chosen })}
              />
              <div class="columns">
                {time(index, "opens")}
                {time(index, "closes")}
              </div>
              <Button onClick={() => change({ week: week.filter((_row, at) => at !== index) })}>
                {say("services.remove_interval")}
              </Button>
            </fieldset>
          ))}
          <Button
            onClick={() =>
              change({ week: [...week, { days: ["MO", "TU", "WE", "TH", "FR"], opens: "08:00", closes: "17:00" }] })
            }
          >
            {say("services.add_interval")}
          </Button>
        </>
      )}
      {Object.keys(hours).length > 0 && (
        <TextField label={say("services.time_zone")} code value={zone} onInput={(given) => change({ zone: given })} />
      )}
    </fieldset>
  );
}
