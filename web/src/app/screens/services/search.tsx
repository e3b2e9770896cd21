/** Services by words, needs and places, for questions about nobody in particular; and the records that the agency keeps. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import {
  records,
  search,
  type Answer,
  type Found,
  type Kind,
  type MapRecord,
  type SearchQuestion,
} from "../../../client/servicemap.ts";
import type { Member } from "../../../client/member.ts";
import { groupsIn } from "../../../client/freshness.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { date } from "../../core/time.ts";
import { Button, Choice, Tabs, TextField, Tick, type Option } from "../../kit/controls.tsx";
import { Empty, Foreign, Page, StateWord } from "../../kit/showing.tsx";
import { areaNames, useLabels, type Labels } from "./labels.ts";
import { AreaField, Freshness, MapNav } from "./parts.tsx";
import { plainAgency } from "./record.tsx";
import { EDITORS } from "./reader.ts";
import { joined } from "./values.ts";

const PAGE = 20;

export function Search(): VNode {
  const { say, roles } = useApp();
  const [tab, setTab] = useState("search");
  const labels = useLabels();
  const edits = roles.some((role) => EDITORS.includes(role));
  return (
    <Page title={say("services.title")}>
      <MapNav here="services" />
      <Loaded of={labels}>
        {(known) => (
          <Tabs
            tabs={[
              ["search", say("services.tab_search")],
              ["ours", say("services.tab_ours")],
            ]}
            at={tab}
            onChoose={setTab}
          >
            {tab === "search" ? <Finder labels={known} /> : <Ours labels={known} edits={edits} />}
          </Tabs>
        )}
      </Loaded>
    </Page>
  );
}

/** What is asked; a list here holds at most one, for a person chooses one. */
interface Asked {
  readonly text: string;
  readonly need: string;
  readonly areas: readonly string[];
  readonly kind: string;
  readonly language: string;
  readonly access: string;
  readonly capacity: string;
  readonly free: boolean;
  readonly open: boolean;
  readonly stale: boolean;
}

const NOTHING: Asked = {
  ...{ text: "", need: "", areas: [], kind: "", language: "", access: "", capacity: "" },
  ...{ free: false, open: false, stale: false },
};

/** What was asked last, for who comes back from a record. In memory alone, and gone with the keys. */
const remembered = new WeakMap<Member, Asked>();

const questionOf = (asked: Asked): SearchQuestion => {
  const one = (value: string) => (value ? [value] : []);
  const { text, areas, free, open, stale } = asked;
  return {
    ...{ text, needs: one(asked.need), areas: [...areas], kinds: one(asked.kind), languages: one(asked.language) },
    ...{ access: one(asked.access), capacity: one(asked.capacity), free, open_now: open, include_stale: stale },
  };
};

function Finder({ labels }: { labels: Labels }): VNode {
  const { say, member } = useApp();
  const [asked, setAsked] = useState(remembered.get(member) ?? NOTHING);
  const [text, setText] = useState(asked.text);
  const [pages, setPages] = useState(1);
  const ask = (more: Partial<Asked>) => {
    const next = { ...asked, text, ...more };
    remembered.set(member, next);
    setAsked(next);
    setPages(1);
  };
  const loading = useLoaded(async () => {
    const answer = await search(member.hub, { ...questionOf(asked), limit: Math.min(PAGE * pages, 100) });
    const codes = answer.found.flatMap(
      ({ listing }) => listing.places?.flatMap(({ area }) => (area ? [area] : [])) ?? [],
    );
    return { answer, names: await areaNames(member.hub, labels, codes) };
  }, [asked, pages, say.lang]);
  return (
    <>
      <form
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          ask({});
        }}
      >
        <div class="row">
          <TextField
            label={say("services.search_words")}
            hint={say("services.search_hint")}
            type="search"
            value={text}
            onInput={setText}
            maxLength={200}
          />
          <Button type="submit" kind="main" busy={loading.is === "waiting"}>
            {say("services.search")}
          </Button>
        </div>
      </form>
      <Filters {...{ labels, asked, ask }} answer={loading.is === "ready" ? loading.value.answer : null} />
      <Loaded of={loading}>
        {({ answer, names }) => (
          <Results
            {...{ answer, names, labels }}
            more={() => setPages(pages + 1)}
            stale={asked.stale}
            showStale={() => ask({ stale: true })}
          />
        )}
      </Loaded>
    </>
  );
}

function Filters({
  labels,
  asked,
  ask,
  answer,
}: {
  labels: Labels;
  asked: Asked;
  ask: (more: Partial<Asked>) => void;
  answer: Answer | null;
}): VNode {
  const { say } = useApp();
  const counted = (facet: string, name: (code: string) => string, chosen: string): readonly Option[] => {
    const counts = answer?.facets[facet] ?? {};
    const codes = chosen && !(chosen in counts) ? [chosen, ...Object.keys(counts)] : Object.keys(counts);
    return codes.map((code) => [code, `${name(code)} (${counts[code] ?? 0})`]);
  };
  const choice = (label: string, facet: string, name: (code: string) => string, key: keyof Asked) => (
    <Choice
      label={say(label)}
      none={say("services.all")}
      value={String(asked[key])}
      options={counted(facet, name, String(asked[key]))}
      onChoose={(value) => ask({ [key]: value })}
    />
  );
  return (
    <details class="card" open={asked.areas.length > 0 || undefined}>
      <summary>{say("services.filters")}</summary>
      <div class="columns">
        {choice("services.field.needs", "needs", (code) => labels.code("needs", code), "need")}
        {choice("services.field.kind", "kind", (code) => labels.code("provider_kinds", code), "kind")}
        {choice("services.field.languages", "languages", (code) => labels.language(code), "language")}
        {choice(
          "services.field.capacity_state",
          "capacity",
          (code) => (code === "unknown" ? say("services.unknown") : labels.code("capacity_states", code)),
          "capacity",
        )}
        {choice("services.field.access", "access", (code) => labels.code("access", code), "access")}
      </div>
      <AreaField label={say("services.in_area")} codes={asked.areas} many onChange={(areas) => ask({ areas })} />
      <Tick label={say("services.only_free")} checked={asked.free} onTick={(free) => ask({ free })} />
      <Tick label={say("services.only_open")} checked={asked.open} onTick={(open) => ask({ open })} />
      <Tick label={say("services.also_stale")} checked={asked.stale} onTick={(stale) => ask({ stale })} />
    </details>
  );
}

function Results({
  answer,
  names,
  labels,
  more,
  stale,
  showStale,
}: {
  answer: Answer;
  names: ReadonlyMap<string, string>;
  labels: Labels;
  more: () => void;
  stale: boolean;
  showStale: () => void;
}): VNode {
  const { say } = useApp();
  return (
    <>
      <p role="status">
        {say.many("services.found", answer.total)} {!answer.every_word && say("services.not_every_word")}
      </p>
      {answer.total === 0 && (
        <Empty>
          <p>{say("services.none_found")}</p>
          {!stale && <Button onClick={showStale}>{say("services.also_stale")}</Button>}
        </Empty>
      )}
      <ul class="results">
        {answer.found.map((found) => (
          <li key={found.listing.id} class="card">
            <Result {...{ found, names, labels }} />
          </li>
        ))}
      </ul>
      {answer.after !== null && answer.found.length < 100 && <Button onClick={more}>{say("services.more")}</Button>}
      {answer.after !== null && answer.found.length >= 100 && <p class="hint">{say("services.narrow")}</p>}
    </>
  );
}

function Result({ found, names, labels }: { found: Found; names: ReadonlyMap<string, string>; labels: Labels }): VNode {
  const { say, lang } = useApp();
  const { listing, why, open, stale } = found;
  const places = [...new Set(listing.places?.flatMap(({ area }) => (area ? [names.get(area) ?? area] : [])) ?? [])];
  const checked = listing.verified?.["offer"];
  const translated = listing.translations?.[lang]?.["name"]?.text;
  return (
    <>
      <h2>
        <a href={`#/services/${listing.id}`}>
          <Foreign>{translated ?? listing.name}</Foreign>
        </a>
      </h2>
      <p>
        <Foreign>{listing.provider.name}</Foreign>
        {listing.provider.kind && ` · ${labels.code("provider_kinds", listing.provider.kind)}`}
      </p>
      <p>
        {joined(
          say,
          (listing.needs ?? []).map((need) => labels.code("needs", need)),
        )}
      </p>
      {places.length > 0 && (
        <p>
          <Foreign>{joined(say, places)}</Foreign>
        </p>
      )}
      <p class="row">
        {stale && <StateWord words="services.stale" kind="late" />}
        {open === true && <StateWord words="services.open_now" kind="good" />}
        {open === false && <StateWord words="services.closed_now" />}
        {listing.capacity?.state && <span>{labels.code("capacity_states", listing.capacity.state)}</span>}
        <span class="hint">
          {checked ? say("services.checked_on", { day: date(say, checked) }) : say("services.standing.never")}
        </span>
      </p>
      {why.length > 0 && <p class="hint">{say("services.why", { words: why.map(({ typed }) => typed).join(", ") })}</p>}
    </>
  );
}

/** What the own agency keeps, page by page. */
function Ours({ labels, edits }: { labels: Labels; edits: boolean }): VNode {
  const { say, member } = useApp();
  const [kind, setKind] = useState<Kind>("service");
  const [all, setAll] = useState(false);
  const [after, setAfter] = useState<readonly string[]>([""]);
  const loading = useLoaded(
    () => records(member.hub, { kind, mine: !all, after: after[after.length - 1]!, limit: 50 }),
    [kind, all, after],
  );
  const kinds: readonly Option[] = (["service", "provider", "site"] as const).map((one) => [
    one,
    say(`services.kinds_${one}`),
  ]);
  return (
    <>
      <div class="row">
        <Choice
          label={say("services.what_kind")}
          value={kind}
          options={kinds}
          onChoose={(value) => (setKind(value as Kind), setAfter([""]))}
        />
        {edits && (
          <a class="button" href={`#/services/new/${kind}`}>
            {say(`services.new_${kind}`)}
          </a>
        )}
      </div>
      <Tick label={say("services.others_too")} checked={all} onTick={(on) => (setAll(on), setAfter([""]))} />
      <Loaded of={loading}>
        {({ items, after: next }) => (
          <>
            {items.length === 0 && (
              <Empty>
                <p>{say("services.none_kept")}</p>
              </Empty>
            )}
            <ul class="results">
              {items.map((found) => (
                <li class="card" key={found.id}>
                  <Kept found={found} labels={labels} />
                </li>
              ))}
            </ul>
            <p class="row">
              {after.length > 1 && (
                <Button onClick={() => setAfter(after.slice(0, -1))}>{say("services.page_before")}</Button>
              )}
              {next !== null && <Button onClick={() => setAfter([...after, next])}>{say("services.page_next")}</Button>}
            </p>
          </>
        )}
      </Loaded>
    </>
  );
}

function Kept({ found, labels }: { found: MapRecord; labels: Labels }): VNode {
  const { say } = useApp();
  const { document } = found;
  return (
    <>
      <h2>
        <a href={`#/services/${found.id}`}>
          <Foreign>{String(document["name"] ?? say("services.unnamed"))}</Foreign>
        </a>
      </h2>
      <p class="hint">
        {say("services.kept_by")} <Foreign>{plainAgency(found.steward)}</Foreign>
      </p>
      <Freshness document={document} group={groupsIn(found.kind, document)[0]!} labels={labels} />
    </>
  );
}
