/** One area: where it lies, what its codes mean and meant, and which agencies' case workers belong to it. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { shortOf } from "../../../client/agencies.ts";
import {
  areaDetail,
  assignArea,
  outlines,
  type AreaAgency,
  type AreaDetail,
  type Outlines,
} from "../../../client/servicemap.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { date, day } from "../../core/time.ts";
import { Button, Tick } from "../../kit/controls.tsx";
import { Card, Facts, Foreign, Notice, Page, Table } from "../../kit/showing.tsx";
import { AgencyChoice } from "../consent/agency_choice.tsx";
import { areaNames, labelsIn, type Labels } from "../services/labels.ts";
import { joined } from "../services/values.ts";
import { Outline } from "./drawn.tsx";

interface Told {
  readonly labels: Labels;
  readonly area: AreaDetail;
  readonly names: ReadonlyMap<string, string>;
  readonly shapes: Outlines;
}

export function OneArea({ code }: { code: string }): VNode {
  const { say, member } = useApp();
  const loading = useLoaded(async (): Promise<Told> => {
    const [labels, area] = await Promise.all([labelsIn(say.lang), areaDetail(member.hub, code)]);
    const [names, shapes] = await Promise.all([
      areaNames(member.hub, labels, [...area.path, ...area.agencies.map((row) => row.area)]),
      outlines(member.hub, area.country, area.level).catch(() => ({ features: [] })),
    ]);
    return { labels, area, names, shapes };
  }, [code, say.lang]);
  return <Loaded of={loading}>{(told) => <Shown told={told} again={loading.again} />}</Loaded>;
}

function Shown({ told, again }: { told: Told; again: () => void }): VNode {
  const { say, roles } = useApp();
  const { labels, area, names, shapes } = told;
  const past = area.history.filter(({ valid_to }) => valid_to);
  return (
    <Page title={labels.area(area)} back={`areas?country=${area.country}`}>
      <Facts
        rows={[
          [say("areas.code"), <Foreign>{[area.code, ...area.aliases].join(", ")}</Foreign>],
          [say("areas.level"), String(area.level)],
          [
            say("areas.in"),
            joined(
              say,
              area.path.slice(0, -1).map((one) => names.get(one) ?? one),
            ) || "–",
          ],
        ]}
      />
      {past.length > 0 && (
        <ul>
          {past.map((one) => (
            <li key={one.valid_to}>{say("areas.meant", { name: labels.area(one), day: date(say, one.valid_to) })}</li>
          ))}
        </ul>
      )}
      <Outline shapes={shapes} chosen={area.code} />
      <Agencies told={told} again={again} />
      {roles.includes("coordinator") && <Assign code={area.code} again={again} />}
      {area.children.length > 0 && (
        <Card title={say.many("areas.count", area.children.length)}>
          <ul>
            {area.children.map((one) => (
              <li key={one.code}>
                <a href={`#/areas/${encodeURIComponent(one.code)}`}>
                  <Foreign>{labels.area(one)}</Foreign>
                </a>
              </li>
            ))}
          </ul>
        </Card>
      )}
    </Page>
  );
}

/** Those said of this area, and of those above it: who works in a province works in its districts. */
function Agencies({ told: { area, names }, again }: { told: Told; again: () => void }): VNode {
  const { say, member, roles } = useApp();
  const ending = useAction(async (agency: string) => {
    await assignArea(member.hub, area.code, { agency, remove: true });
    again();
  });
  const mayEnd = ({ area: where, agency }: AreaAgency) =>
    roles.includes("coordinator") && where === area.code && agency !== member.agency;
  return (
    <Card title={say("areas.agencies")}>
      <p class="hint">{say("areas.agencies_hint")}</p>
      {area.agencies.length === 0 ? (
        <p>{say("areas.no_agency")}</p>
      ) : (
        <Table
          caption={say("areas.agencies")}
          rows={area.agencies}
          keyOf={(row) => `${row.area} ${row.agency}`}
          columns={[
            {
              title: say("areas.agency"),
              cell: ({ agency, lead }) => (
                <>
                  <Foreign>{shortOf(agency)}</Foreign>
                  {lead && ` (${say("areas.leads")})`}
                </>
              ),
            },
            { title: say("areas.where"), cell: (row) => <Foreign>{names.get(row.area) ?? row.area}</Foreign> },
            {
              title: say("areas.said_by"),
              cell: ({ by_agency, at }) => (
                <>
                  <Foreign>{shortOf(by_agency)}</Foreign>, {day(say, at)}
                </>
              ),
            },
            {
              title: say("areas.end"),
              cell: (row) =>
                mayEnd(row) && (
                  <Button
                    label={say("areas.end_of", { agency: shortOf(row.agency) })}
                    busy={ending.busy}
                    onClick={() => ending.run(row.agency)}
                  >
                    {say("areas.end_it")}
                  </Button>
                ),
            },
          ]}
        />
      )}
      {ending.error !== null && <Problem error={ending.error} />}
    </Card>
  );
}

/** Never of the own agency: who may look behind what is open to an area alone is another agency's word. */
function Assign({ code, again }: { code: string; again: () => void }): VNode {
  const { say, member } = useApp();
  const [agency, setAgency] = useState("");
  const [lead, setLead] = useState(false);
  const act = useAction(async () => {
    await assignArea(member.hub, code, { agency, lead });
    setAgency("");
    again();
  });
  return (
    <Card title={say("areas.assign")}>
      <p>{say("areas.assign_hint")}</p>
      <AgencyChoice label={say("areas.agency")} value={agency} onChoose={setAgency} without={[member.agency]} />
      <Tick label={say("areas.lead")} checked={lead} onTick={setLead} />
      {act.error !== null && <Problem error={act.error} />}
      <Button kind="main" busy={act.busy} disabled={!agency} onClick={() => act.run()}>
        {say("areas.assign_it")}
      </Button>
      {act.done && (
        <Notice kind="good" live>
          {say("areas.assigned")}
        </Notice>
      )}
    </Card>
  );
}
