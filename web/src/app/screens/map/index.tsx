/**
 * The service map drawn: outlines and places of the own hub, no tiles. The list beside it says the same, so nobody needs
 * the drawing; a place that a reader may not see is on neither.
 */

import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { outlines, search, type Found, type Outlines, type Place } from "../../../client/servicemap.ts";
import type { HubSession } from "../../../client/session.ts";
import { useApp, type ScreenProps } from "../../core/app.ts";
import { Loaded, Problem, useLoaded } from "../../core/loading.tsx";
import { Button, Choice, Tick, type Option } from "../../kit/controls.tsx";
import { Empty, Foreign, Page } from "../../kit/showing.tsx";
import { useCountry } from "../services/country.tsx";
import { areaNames, labelsIn, type Labels } from "../services/labels.ts";
import { MapNav } from "../services/parts.tsx";
import type { Drawing, Point } from "./leaf.ts";

const PAGE = 100;
/** So many at once: more would take minutes on a bad line. */
const MOST = 200;
const MICRO = 1_000_000;
const NONE: Outlines = { features: [] };

/** A service at one of its places. */
interface Row {
  readonly key: string;
  readonly found: Found;
  readonly place: Place;
  readonly point: Point | null;
}

interface Drawn {
  readonly labels: Labels;
  readonly rows: readonly Row[];
  readonly total: number;
  readonly shapes: Outlines;
  readonly names: ReadonlyMap<string, string>;
}

export default function MapScreen({ query }: ScreenProps): VNode {
  const { say, member } = useApp();
  const [at, choice] = useCountry(query["country"] ?? "");
  const [need, setNeed] = useState(query["need"] ?? "");
  const [stale, setStale] = useState(false);
  const loading = useLoaded(
    async (): Promise<Drawn | null> => (at ? load(member.hub, say, at, need, stale) : null),
    [at, need, stale, say.lang],
  );
  return (
    <Page title={say("map.title")}>
      <MapNav here="map" />
      <Loaded of={loading}>
        {(drawn) =>
          drawn && (
            <>
              <div class="columns">
                {choice(drawn.labels)}
                <Choice
                  label={say("services.field.needs")}
                  none={say("services.all")}
                  value={need}
                  options={drawn.labels.options("needs")}
                  onChoose={setNeed}
                />
              </div>
              <Tick label={say("services.also_stale")} checked={stale} onTick={setStale} />
              <p role="status">{say.many("services.found", drawn.total)}</p>
              {drawn.total > MOST && <p class="hint">{say("services.narrow")}</p>}
              <Both drawn={drawn} />
              <p class="hint">{say("services.borders")}</p>
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

async function load(
  hub: HubSession,
  say: ReturnType<typeof useApp>["say"],
  country: string,
  need: string,
  stale: boolean,
): Promise<Drawn> {
  const asked = { areas: [country], needs: need ? [need] : [], include_stale: stale, limit: PAGE };
  const labels = await labelsIn(say.lang);
  const found: Found[] = [];
  let total = 0;
  for (let after: number | null = 0; after !== null && found.length < MOST;) {
    const answer: Awaited<ReturnType<typeof search>> = await search(hub, { ...asked, after });
    found.push(...answer.found);
    ({ after, total } = answer);
  }
  const rows = found.flatMap(rowsOf);
  const [shapes, names] = await Promise.all([
    outlines(hub, country, 1).catch(() => NONE),
    areaNames(
      hub,
      labels,
      rows.flatMap(({ place }) => (place.area ? [place.area] : [])),
    ),
  ]);
  return { labels, rows, total, shapes, names };
}

function rowsOf(found: Found): Row[] {
  const places = found.listing.places?.length ? found.listing.places : [{ site: "", precision: "area" }];
  return places.map((place) => {
    const key = `${found.listing.id} ${place.site}`;
    const known = place.lat !== undefined && place.lon !== undefined;
    const point = known
      ? { id: key, lat: place.lat! / MICRO, lon: place.lon! / MICRO, exact: place.precision === "exact" }
      : null;
    return { key, found, place, point };
  });
}

/** The drawing and its list. Whatever is pressed in one is chosen in both. */
function Both({ drawn }: { drawn: Drawn }): VNode {
  const { say } = useApp();
  const [chosen, setChosen] = useState<string | null>(null);
  const [area, setArea] = useState<string | null>(null);
  const drawing = useRef<Drawing | null>(null);
  const rows = drawn.rows.filter(({ place }) => !area || place.path?.includes(area) || place.area === area);
  const shown = area ? rows : drawn.rows;
  const take = (row: Row) => {
    setChosen(row.key);
    if (row.point) drawing.current?.show(row.point);
  };
  return (
    <div class="map-both">
      <Canvas
        {...{ drawn, chosen, area, drawing }}
        pressedPoint={(key) => {
          setChosen(key);
          document.getElementById(idOf(key))?.focus();
        }}
        pressedArea={(code) => setArea(code === area ? null : code)}
      />
      <section aria-label={say("map.list")}>
        <Areas shapes={drawn.shapes} labels={drawn.labels} area={area} choose={setArea} />
        <p role="status" class="hint">
          {area && say.many("map.in_area", rows.length)}
        </p>
        {shown.length === 0 && (
          <Empty>
            <p>{say("services.none_found")}</p>
          </Empty>
        )}
        <ul class="results">
          {shown.map((row) => (
            <li key={row.key} class={row.key === chosen ? "card chosen" : "card"} id={idOf(row.key)} tabIndex={-1}>
              <Listed {...{ row, drawn }} show={row.point ? () => take(row) : null} />
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}

const idOf = (key: string): string => `place-${key.replace(/ /g, "-")}`;

function Areas({
  shapes,
  labels,
  area,
  choose,
}: {
  shapes: Outlines;
  labels: Labels;
  area: string | null;
  choose: (code: string | null) => void;
}): VNode {
  const { say } = useApp();
  const options = shapes.features
    .map(({ id, properties }): Option => [id, labels.area({ code: id, names: properties.names })])
    .sort(([, one], [, other]) => one.localeCompare(other));
  if (!options.length) return <p class="hint">{say("map.no_outlines")}</p>;
  return (
    <Choice
      label={say("map.area")}
      none={say("map.all_areas")}
      value={area ?? ""}
      options={options}
      onChoose={(code) => choose(code || null)}
    />
  );
}

function Listed({ row, drawn, show }: { row: Row; drawn: Drawn; show: (() => void) | null }): VNode {
  const { say, lang } = useApp();
  const { listing } = row.found;
  const { place } = row;
  const name = listing.translations?.[lang]?.["name"]?.text ?? listing.name;
  const area = place.area ? (drawn.names.get(place.area) ?? place.area) : "";
  return (
    <>
      <h2>
        <a href={`#/services/${listing.id}`}>
          <Foreign>{name}</Foreign>
        </a>
      </h2>
      <p>
        <Foreign>{listing.provider.name}</Foreign>
      </p>
      <p>
        {[place.name, place.address, area].filter(Boolean).map((text) => (
          <span key={text}>
            <Foreign>{text!}</Foreign>{" "}
          </span>
        ))}
        <span class="hint">{place.site ? say(`map.precision_${place.precision}`) : say("map.no_place")}</span>
      </p>
      {show && (
        <Button label={`${say("map.show")}: ${name}`} onClick={show}>
          {say("map.show")}
        </Button>
      )}
    </>
  );
}

/** Whether a person asked their browser to load little: the backdrop is then left out. */
const savesData = (): boolean => (navigator as { connection?: { saveData?: boolean } }).connection?.saveData === true;

function Canvas({
  drawn,
  chosen,
  area,
  drawing,
  pressedPoint,
  pressedArea,
}: {
  drawn: Drawn;
  chosen: string | null;
  area: string | null;
  drawing: { current: Drawing | null };
  pressedPoint: (key: string) => void;
  pressedArea: (code: string) => void;
}): VNode {
  const { say } = useApp();
  const box = useRef<HTMLDivElement>(null);
  const pressed = useRef({ point: pressedPoint, area: pressedArea });
  pressed.current = { point: pressedPoint, area: pressedArea };
  const [ready, setReady] = useState(false);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    let gone = false;
    const begin = async () => {
      const { drawIn } = await import("./leaf.ts");
      if (gone) return;
      const made = drawIn(box.current!, {
        point: (id) => pressed.current.point(id),
        area: (code) => pressed.current.area(code),
      });
      drawing.current = made;
      setReady(true);
      if (savesData()) return;
      const { countries } = await import("./backdrop.ts");
      if (!gone) made.backdrop(countries());
    };
    begin().catch((failed: unknown) => setError(failed));
    return () => {
      gone = true;
      drawing.current?.remove();
      drawing.current = null;
    };
  }, []);
  useEffect(() => drawing.current?.outlines(drawn.shapes, area), [ready, drawn, area]);
  useEffect(() => {
    const points = drawn.rows.flatMap(({ point }) => (point ? [point] : []));
    drawing.current?.points(points, chosen);
  }, [ready, drawn, chosen, area]);
  useEffect(() => drawing.current?.fit(), [ready, drawn]);
  return (
    <section class="map-draw" aria-label={say("map.drawn")}>
      <p class="hint" id="map-keys">
        {say("map.keys")}
      </p>
      {error !== null && <Problem error={error} />}
      <div
        ref={box}
        class="map-canvas"
        dir="ltr"
        role="application"
        aria-label={say("map.drawn")}
        aria-describedby="map-keys"
        tabIndex={0}
      />
      <p class="row">
        <Button onClick={() => drawing.current?.zoom(1)}>{say("map.closer")}</Button>
        <Button onClick={() => drawing.current?.zoom(-1)}>{say("map.farther")}</Button>
        <Button onClick={() => drawing.current?.fit()}>{say("map.whole")}</Button>
      </p>
      <p class="hint">{say("map.legend")}</p>
    </section>
  );
}
