/** Whose keys this device believes, and why: the own agency's, watched; other agencies', and how to be surer of one. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { Member } from "../../../client/member.ts";
import { fingerprint } from "../../../rcp/dsse.ts";
import { fromB64u, isObject } from "../../../rcp/encoding.ts";
import { useApp, type ScreenProps } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { TextField } from "../../kit/controls.tsx";
import { Card, Empty, Page } from "../../kit/showing.tsx";
import { AgencyKeys } from "./agency.tsx";
import { Key } from "./key.tsx";
import { Watched } from "./watched.tsx";

export interface Listed {
  readonly agency: string;
  readonly name: string;
  readonly kind: string;
  readonly country: string;
}

export default function Keys({ args }: ScreenProps): VNode {
  const { say, member } = useApp();
  const [query, ask] = useState(args[0] ?? "");
  const loading = useLoaded(() => listed(member), [member]);
  return (
    <Page title={say("keys.title")}>
      <p>{say("keys.what")}</p>
      <Key />
      <Watched />
      <h2>{say("keys.others")}</h2>
      <TextField label={say("keys.find")} type="search" value={query} onInput={ask} />
      <Loaded of={loading}>
        {(rows) => {
          const found = rows.filter((row) => Object.values(row).join(" ").toLowerCase().includes(query.toLowerCase()));
          return found.length ? (
            <div>
              {found.map((row) => (
                <AgencyKeys key={row.agency} row={row} open={row.agency === args[0]} />
              ))}
            </div>
          ) : (
            <Empty>
              <p>{say("keys.none")}</p>
            </Empty>
          );
        }}
      </Loaded>
      <Hubs />
    </Page>
  );
}

function Hubs(): VNode {
  const { say, member } = useApp();
  return (
    <Card title={say("keys.hubs")}>
      <p>{say("keys.hubs_what")}</p>
      {Object.entries(member.trust.pins.hubs).map(([host, key]) => (
        <div key={host}>
          <h3>
            <bdi class="digits">{host}</bdi>
          </h3>
          <p class="digits">{fingerprint(fromB64u(key))}</p>
        </div>
      ))}
    </Card>
  );
}

async function listed(member: Member): Promise<Listed[]> {
  const [known, directory] = [await member.hub.get("/api/v1/agencies"), await member.hub.get("/api/v1/directory")];
  const named = isObject(directory) && Array.isArray(directory["agencies"]) ? directory["agencies"] : [];
  const names = new Map(named.filter(isObject).map((row) => [row["agency"], String(row["name"] ?? "")]));
  const rows = (Array.isArray(known) ? known : []).filter(isObject).map((row) => ({
    ...{ agency: String(row["agency"]), kind: String(row["kind"]), country: String(row["country"]) },
    name: names.get(String(row["agency"])) ?? "",
  }));
  return rows
    .filter(({ agency }) => agency !== member.agency)
    .sort((one, other) => ((one.name || one.agency) < (other.name || other.agency) ? -1 : 1));
}
