/**
 * A form that is drawn from a section's schema: a labelled control for each place, rows that can be added and taken away,
 * and the error beside the field that it is about. What the form does not know stays in the document untouched.
 */

import type { VNode } from "preact";
import { systemRandom } from "../../../rcp/age.ts";
import { b64u, isObject, type Json, type JsonObject } from "../../../rcp/encoding.ts";
import type { Schema } from "../../../consent/schema.ts";
import { useSay } from "../../core/app.ts";
import { Button, Choice, TextArea, TextField, Ticks, type Option } from "../../kit/controls.tsx";
import { localeOf } from "../../core/words.ts";
import type { Path } from "./form.ts";
import { HIDDEN, placeOf } from "./kinds.ts";
import { codeName, memberName, worldName, type Labels } from "./labels.ts";

/** What every field of one form needs. */
export interface Drawing {
  readonly section: string;
  readonly labels: Labels;
  readonly definitions: Schema["$defs"];
  /** Pointers at which the document leaves its form. */
  readonly wrong: readonly string[];
  /** What can be chosen where a place names something else of the file: papers, members of the family. */
  readonly named: { readonly [member: string]: readonly Option[] };
  readonly change: (path: Path, value: Json | undefined) => void;
}

interface At {
  readonly of: Drawing;
  readonly path: Path;
  readonly label: string;
  readonly schema: Schema;
  readonly value: Json | undefined;
  readonly needed: boolean;
}

export function ObjectFields({
  of,
  path,
  schema,
  value,
}: {
  of: Drawing;
  path: Path;
  schema: Schema;
  value: Json | undefined;
}): VNode {
  const members = isObject(value) ? value : {};
  const names = filledIn(schema);
  const within = path.filter((step) => typeof step === "string").pop() ?? of.section;
  return (
    <>
      {names.map((name) => (
        <PlaceField
          key={name}
          of={of}
          path={[...path, name]}
          label={memberName(of.labels, within, name)}
          schema={schema.properties![name]!}
          value={members[name]}
          needed={schema.required?.includes(name) ?? false}
        />
      ))}
    </>
  );
}

/** The members of an object that a person fills in. */
const filledIn = ({ properties }: Schema): string[] =>
  Object.keys(properties ?? {}).filter((name) => !HIDDEN.includes(name) && name !== "sha256");

function PlaceField(at: At): VNode | null {
  const { kind, form } = placeOf(at.schema, at.of.definitions);
  if (kind === "list") return <ListField {...at} schema={form} />;
  if (kind !== "object" && kind !== "map") return <SimpleField {...at} />;
  if (!filledIn(form).length) return null;
  return (
    <fieldset class="group">
      <legend>{at.label}</legend>
      <ObjectFields of={at.of} path={at.path} schema={form} value={at.value} />
    </fieldset>
  );
}

/** Codes and names of the world as ticks or rows of one control; objects as blocks of their own. */
function ListField({ of, path, label, schema, value }: At): VNode {
  const say = useSay();
  const part = schema.items ?? {};
  const { kind, form } = placeOf(part, of.definitions);
  const rows = Array.isArray(value) ? value : [];
  const error = errorAt(of, path);
  if (kind === "choice") {
    const values = rows.filter((row): row is string => typeof row === "string");
    const options = (form.enum as string[]).map((code): Option => [code, codeName(of.labels, code)]);
    const hint = error ? { error: say("cases.wrong") } : {};
    const change = (chosen: string[]) => of.change(path, chosen.length ? chosen : undefined);
    return <Ticks label={label} values={values} options={options} onChange={change} {...hint} />;
  }
  const fresh: Json = kind !== "object" ? "" : form.properties?.["id"] ? { id: b64u(systemRandom(16)) } : {};
  return (
    <fieldset class="group">
      <legend>{label}</legend>
      {rows.map((row, index) => {
        const numbered = say("cases.row", { name: label, n: index + 1 });
        return (
          <div class="row-of" key={isObject(row) && row["id"] ? String(row["id"]) : index}>
            {kind === "object" ? (
              <fieldset>
                <legend>{numbered}</legend>
                <ObjectFields of={of} path={[...path, index]} schema={form} value={row} />
              </fieldset>
            ) : (
              <SimpleField of={of} path={[...path, index]} label={numbered} schema={part} value={row} needed={false} />
            )}
            <Button
              label={say("cases.remove_row", { name: numbered })}
              onClick={() => of.change([...path, index], undefined)}
            >
              {say("cases.remove")}
            </Button>
          </div>
        );
      })}
      {error && <p class="error">{say("cases.wrong")}</p>}
      <Button label={say("cases.add_row", { name: label })} onClick={() => of.change([...path, rows.length], fresh)}>
        {say("cases.add")}
      </Button>
    </fieldset>
  );
}

function SimpleField({ of, path, label, schema, value, needed }: At): VNode {
  const say = useSay();
  const { kind, form } = placeOf(schema, of.definitions);
  const last = path[path.length - 1]!;
  const said = value === undefined ? "" : String(value);
  const set = (text: string) => of.change(path, text === "" && typeof last === "string" ? undefined : text);
  const field = {
    label,
    hint: needed ? say("cases.needed") : undefined,
    ...(errorAt(of, path) ? { error: say("cases.wrong") } : {}),
  };
  const options = optionsOf(of, String(last), kind, form, say);
  if (options) {
    const known = said === "" || options.some(([code]) => code === said);
    const whole = known ? options : [...options, [said, said] as const];
    return <Choice {...field} value={said} none={say("cases.not_said")} options={whole} onChoose={set} />;
  }
  if (kind === "flag") {
    const choose = (chosen: string) => of.change(path, chosen === "" ? undefined : chosen === "true");
    const answers: Option[] = [
      ["true", say("app.yes")],
      ["false", say("app.no")],
    ];
    return <Choice {...field} value={said} none={say("cases.not_said")} options={answers} onChoose={choose} />;
  }
  if (kind === "number") {
    const number = (text: string) => of.change(path, /^-?\d+$/.test(text) ? Number(text) : undefined);
    return <TextField {...field} type="number" inputMode="numeric" value={said} onInput={number} />;
  }
  if (kind === "moment") {
    const at = typeof value === "number" ? localMoment(value) : "";
    const moment = (text: string) => of.change(path, text ? Math.floor(new Date(text).getTime() / 1000) : undefined);
    return <TextField {...field} type="datetime-local" value={at} onInput={moment} />;
  }
  if (kind === "day") return <TextField {...field} type="date" value={said} onInput={set} />;
  if (kind === "text") return <TextArea {...field} value={said} onInput={set} rows={3} />;
  if (String(last) === "phone") return <TextField {...field} type="tel" value={said} onInput={set} />;
  return <TextField {...field} value={said} onInput={set} code={kind === "id" || kind === "agency"} />;
}

function optionsOf(
  of: Drawing,
  member: string,
  kind: string,
  form: Schema,
  say: ReturnType<typeof useSay>,
): readonly Option[] | null {
  if (kind === "choice") return (form.enum as string[]).map((code) => [code, codeName(of.labels, code)]);
  if (kind === "id") return of.named[member] ?? null;
  if (kind !== "country" && kind !== "language") return null;
  const [type, codes] = kind === "country" ? (["region", COUNTRIES] as const) : (["language", LANGUAGES] as const);
  const rows = codes.split(" ").map((code): Option => [code, worldName(say, type, code)]);
  const order = new Intl.Collator(localeOf(say.lang));
  return rows.sort(([, one], [, other]) => order.compare(one, other));
}

const errorAt = (of: Drawing, path: Path): boolean => of.wrong.includes(path.map((step) => `/${step}`).join(""));

/** A moment as the control for moments writes it, in this device's zone. */
export function localMoment(at: number): string {
  const shifted = new Date(at * 1000 - new Date(at * 1000).getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}

/** Names of what a file itself holds, for places that name it by id. */
export function namedIn(sections: { readonly [name: string]: Json }): { readonly [member: string]: readonly Option[] } {
  const rows = (section: string, list: string): JsonObject[] => {
    const document = sections[section];
    const found = isObject(document) ? document[list] : null;
    return Array.isArray(found) ? found.filter(isObject) : [];
  };
  const options = (found: JsonObject[], ...names: string[]): Option[] =>
    found
      .filter((row) => typeof row["id"] === "string")
      .map((row) => [String(row["id"]), String(names.map((name) => row[name]).find(Boolean) ?? row["id"])]);
  return {
    document: options(rows("documents", "items"), "title", "type"),
    person: options(rows("family_links", "members"), "name", "relationship"),
    view: options(rows("child_views", "views"), "topic"),
  };
}

/** ISO 3166-1. */
const COUNTRIES =
  "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";
/** Languages that are spoken along the routes, and wide ones. */
const LANGUAGES =
  "aa am ar as bm bn bho de dyo dz ee el en es fa ff fon fr ha hi ht id ig it kab km ku ln mai man mnk mos mr my nah ne ny om or pa pl ps pt quc rn ro ru rw sg si snk so sq srr ss st su sus sw ta te ti tig tl tr ts ug uk ur uz vi wal wo xh yo zgh zh zu";
