/** Dates across cases: one's own, and for supervisors those that nobody kept. */

import type { VNode } from "preact";
import type { ScreenProps } from "../../core/app.ts";
import { useApp } from "../../core/app.ts";
import { Tabs } from "../../kit/controls.tsx";
import { Page } from "../../kit/showing.tsx";
import { Dates } from "./dates.tsx";

export default function Timers({ query }: ScreenProps): VNode {
  const { say, roles, go } = useApp();
  const tabs = ["mine", "all", ...(roles.includes("supervisor") ? ["escalated"] : [])];
  const at = tabs.find((one) => one === query["tab"]) ?? "mine";
  return (
    <Page title={say("timers.title")}>
      <Tabs
        tabs={tabs.map((one) => [one, say(`timers.tab_${one}`)])}
        at={at}
        onChoose={(one) => go(`timers?tab=${one}`)}
      >
        <Dates key={at} mine={at === "mine"} escalated={at === "escalated"} />
      </Tabs>
    </Page>
  );
}
