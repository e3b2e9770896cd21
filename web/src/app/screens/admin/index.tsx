/** The agency's own house: who works here, who waits, the next invitation, deputy and duty numbers, recovery papers. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { useApp, type ScreenProps } from "../../core/app.ts";
import { Tabs } from "../../kit/controls.tsx";
import { Notice, Page } from "../../kit/showing.tsx";
import { AgencyCard } from "./agency.tsx";
import { InviteCard } from "./invite.tsx";
import { Papers } from "./papers.tsx";
import { People } from "./people.tsx";

const TABS = ["people", "invite", "agency", "papers"];
/** What a supervisor sees as well. */
const SHARED = ["people", "agency"];

export default function Admin({ args, query }: ScreenProps): VNode {
  const { say, member, roles } = useApp();
  const tabs = roles.includes("agency_admin") ? TABS : SHARED;
  const [at, choose] = useState(tabs.find((name) => name === args[0]) ?? "people");
  return (
    <Page title={say("admin.title")}>
      {query["begun"] && (
        <Notice kind="good">
          <p>{say("admin.begun")}</p>
          <p>
            <a href="#/consent/ground">{say("admin.begun_next")}</a>
          </p>
        </Notice>
      )}
      {!member.root && (
        <Notice>
          <p>{say("admin.no_root")}</p>
        </Notice>
      )}
      <Tabs at={at} onChoose={choose} tabs={tabs.map((name) => [name, say(`admin.tab_${name}`)])}>
        {at === "people" && <People onInvite={() => choose("invite")} />}
        {at === "invite" && <InviteCard />}
        {at === "agency" && <AgencyCard />}
        {at === "papers" && <Papers />}
      </Tabs>
    </Page>
  );
}
