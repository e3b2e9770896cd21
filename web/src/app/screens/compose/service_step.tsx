/**
 * Which service, and why: the services of the map for this need and place, ranked on this device for this person, with the
 * reasons and the near misses. The hub is asked for a need and a place, and learns nothing of whom it is for.
 */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { shortOf } from "../../../client/agencies.ts";
import * as services from "../../../client/services.ts";
import type { Found, Ranked } from "../../../client/services.ts";
import { SERVICES } from "../../../consent/policy.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { date } from "../../core/time.ts";
import { Button, Choice, Form, Tick } from "../../kit/controls.tsx";
import { Card, Empty, Foreign, Notice } from "../../kit/showing.tsx";
import { AgencyChoice } from "../consent/agency_choice.tsx";
import { AskPlace } from "./ask_place.tsx";
import { chosen, personIn, provider, sectionsOf, withProviders, type Provider } from "./draft.ts";
import type { StepProps } from "./index.tsx";
import { loadSentences, type Sentences } from "./sentences.ts";

const MOST = 10;
const NOT_SAID = "not_said";

export function ServiceStep(props: StepProps): VNode {
  const { say, member, now, lang } = useApp();
  const { draft, held, set } = props;
  const [need = ""] = draft.needs;
  const person = personIn(sectionsOf(props), now());
  const loading = useLoaded(async () => {
    const sentences = await loadSentences(lang);
    if (!draft.area || !need) return { sentences, found: null };
    return { sentences, found: await services.find(member, { need, where: { area: draft.area }, person }) };
  }, [need, draft.area, lang, held]);
  const mine = chosen(draft);
  const [several, askSeveral] = useState(mine.length > 1);
  const choose = (row: Ranked) => {
    const one = provider({ service: String(row.listing["id"]) });
    if (!several) return set({ ...withProviders([one]), step: draft.step + 1 });
    const others = mine.filter(({ service }) => service !== one.service);
    set(withProviders(others.length < mine.length ? others : [...mine, one]));
  };
  return (
    <>
      <p>{say("compose.service_about")}</p>
      {!draft.area && (
        <Notice>
          <p>{say("compose.no_area")}</p>
        </Notice>
      )}
      {!draft.again && draft.household.length === 0 && draft.gone.length === 0 && (
        <Tick
          label={say("compose.several")}
          checked={several}
          onTick={(yes) => {
            askSeveral(yes);
            if (!yes) set(withProviders(mine.slice(0, 1)));
          }}
        />
      )}
      <Loaded of={loading}>
        {({ sentences, found }) => (
          <>
            {several && <Asked {...props} found={found} rows={mine} />}
            {found && <Ranking {...props} found={found} sentences={sentences} person={person} onChoose={choose} />}
          </>
        )}
      </Loaded>
      <details open={!draft.area}>
        <summary>{say("compose.direct")}</summary>
        <Direct
          key={mine.length}
          {...props}
          begun={several ? provider({}) : (mine.find(({ service }) => !service) ?? provider({}))}
          several={several}
          onChoose={(one) =>
            set(several ? withProviders([...mine, one]) : { ...withProviders([one]), step: draft.step + 1 })
          }
        />
      </details>
    </>
  );
}

/** The providers who will be asked for the same, each by a packet of its own. */
function Asked({
  draft,
  set,
  next,
  found,
  rows,
}: StepProps & { found: Found | null; rows: readonly Provider[] }): VNode {
  const { say } = useApp();
  const listed = [...(found?.fitting ?? []), ...(found?.nearMisses ?? [])];
  const nameOf = ({ service, to }: Provider): string =>
    service ? String(listed.find(({ listing }) => listing["id"] === service)?.listing["name"] ?? service) : shortOf(to);
  return (
    <Card title={say("compose.several_chosen")}>
      <p class="hint">{say("compose.several_about")}</p>
      {rows.length === 0 && <p>{say("compose.several_none")}</p>}
      <ul class="plain-list">
        {rows.map((one) => (
          <li class="row tight" key={nameOf(one)}>
            <Foreign>{nameOf(one)}</Foreign>
            <Button
              label={say("compose.several_without", { name: nameOf(one) })}
              onClick={() => set(withProviders(chosen(draft).filter((_, at) => at !== rows.indexOf(one))))}
            >
              {say("handoff.leave_out")}
            </Button>
          </li>
        ))}
      </ul>
      <p class="row">
        <Button kind="main" disabled={rows.length === 0} onClick={next}>
          {say("app.next")}
        </Button>
      </p>
    </Card>
  );
}

interface DirectProps extends StepProps {
  readonly begun: Provider;
  /** Whether it is one of several that are asked. */
  readonly several: boolean;
  readonly onChoose: (one: Provider) => void;
}

function Direct({ draft, coded, begun, several, onChoose }: DirectProps): VNode {
  const { say, member } = useApp();
  const [to, setTo] = useState(begun.to);
  const [kind, setKind] = useState(begun.kind);
  const asked = several ? chosen(draft).map((one) => one.to) : [];
  return (
    <Form
      onSend={() => {
        if (to) onChoose(provider({ to, kind }));
      }}
    >
      <AgencyChoice label={say("compose.agency")} value={to} onChoose={setTo} without={[member.agency, ...asked]} />
      <Choice
        label={say("compose.kind")}
        none={say("compose.choose")}
        optional
        value={kind}
        options={coded.options("services", SERVICES)}
        onChoose={setKind}
      />
      <p class="row">
        <Button type="submit" kind={several ? "plain" : "main"} disabled={!to}>
          {say(several ? "compose.several_add" : "app.next")}
        </Button>
      </p>
    </Form>
  );
}

interface RankingProps extends StepProps {
  readonly found: Found;
  readonly sentences: Sentences;
  readonly person: ReturnType<typeof personIn>;
  readonly onChoose: (row: Ranked) => void;
}

function Ranking(props: RankingProps): VNode {
  const { say } = useApp();
  const { found } = props;
  const { fitting, nearMisses, slice } = found;
  const [more, showMore] = useState(false);
  const list = (rows: readonly Ranked[]) => (
    <ol class="plain-list">
      {rows.map((row) => (
        <li key={row.listing["id"]}>
          <OneService {...props} row={row} />
        </li>
      ))}
    </ol>
  );
  return (
    <>
      {fitting.length === 0 && (
        <Empty>
          <p>{say("compose.none_fits")}</p>
          <p>
            <a href="#/tasks">{say("compose.note_unmet")}</a>
          </p>
        </Empty>
      )}
      {list(more ? fitting : fitting.slice(0, MOST))}
      {fitting.length > MOST && !more && <Button onClick={() => showMore(true)}>{say("app.more")}</Button>}
      {nearMisses.length > 0 && (
        <details>
          <summary>{say.many("compose.near_misses", nearMisses.length)}</summary>
          {list(nearMisses.slice(0, MOST))}
        </details>
      )}
      {!slice.whole && <p class="hint">{say("compose.too_many")}</p>}
    </>
  );
}

function OneService(props: RankingProps & { row: Ranked }): VNode {
  const { say, lang } = useApp();
  const { row, sentences, draft, onChoose } = props;
  const { listing, near } = row;
  const said = services.why(row);
  const silent = said.filter((one) => one.said === "unknown" && one.code === NOT_SAID);
  const speaks = said.filter((one) => one.said !== "meets" && !silent.includes(one));
  const name = listing["translations"]?.[lang]?.name?.text ?? listing["name"] ?? "";
  const checked = listing["verified"]?.offer as string | undefined;
  const mark = row.rank[0] !== 0 ? "near_miss" : services.isSure(row) ? "sure" : "ask";
  const provider = listing["provider"] ?? {};
  const picked = chosen(draft).some(({ service }) => service === listing["id"]);
  return (
    <Card kind={picked ? "chosen" : ""}>
      <h3>
        <Foreign>{String(name)}</Foreign>
      </h3>
      <p>
        <Foreign>{String(provider.name ?? "")}</Foreign>
      </p>
      <p>
        <strong>{sentences.mark(mark)}</strong>
        {near.metres !== null && (
          <>
            {" · "}
            {near.approximate && `${sentences.mark("approximate")} `}
            {say("compose.km", { km: (near.metres / 1000).toFixed(1) })}
          </>
        )}
        {" · "}
        {checked ? sentences.mark("checked", { date: date(say, checked) }) : sentences.mark("never_checked")}
        {provider.formal === false && ` · ${sentences.mark("informal")}`}
      </p>
      {speaks.length + silent.length > 0 && (
        <ul>
          {speaks.map((one) => (
            <li key={one.id}>
              <strong>{sentences.verdict(one.said)}</strong> {sentences.criterion(one.id)}: {sentences.sentence(one)}
            </li>
          ))}
          {silent.length > 0 && (
            <li>
              <strong>{sentences.verdict("unknown")}</strong>{" "}
              {silent.map(({ id }) => sentences.criterion(id)).join(lang === "ar" ? "، " : ", ")}:{" "}
              {sentences.sentence(silent[0]!)}
            </li>
          )}
        </ul>
      )}
      <details>
        <summary>{say("compose.what_fits")}</summary>
        <ul>
          {said
            .filter((one) => one.said === "meets")
            .map((one) => (
              <li key={one.id}>{sentences.sentence(one)}</li>
            ))}
        </ul>
      </details>
      {provider.agency ? (
        <p class="row">
          <Button kind={mark === "near_miss" ? "plain" : "main"} onClick={() => onChoose(row)} pressed={picked}>
            {say("compose.choose_service")}
          </Button>
          <AskPlace {...props} to={String(provider.agency)} service={String(listing["id"])} />
        </p>
      ) : (
        <p class="hint">
          {say("compose.no_agency")} <a href={`#/services/${String(listing["id"])}`}>{say("services.field.pathway")}</a>
        </p>
      )}
    </Card>
  );
}
