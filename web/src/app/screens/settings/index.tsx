/** What a member sets for themselves: this device, the ways in, sessions, and how they are told. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { useApp, type ScreenProps } from "../../core/app.ts";
import { Tabs } from "../../kit/controls.tsx";
import { Page } from "../../kit/showing.tsx";
import { About } from "./about.tsx";
import { Codes } from "./codes.tsx";
import { DeviceCard } from "./device.tsx";
import { Notices } from "./notices.tsx";
import { Passkeys } from "./passkeys.tsx";
import { Passphrase } from "./passphrase.tsx";
import { RecoverySheet } from "./recovery_sheet.tsx";
import { Sessions } from "./sessions.tsx";

const TABS = ["device", "ways", "sessions", "told", "about"] as const;

export default function Settings({ args }: ScreenProps): VNode {
  const { say } = useApp();
  const [at, choose] = useState<string>(TABS.find((name) => name === args[0]) ?? "device");
  return (
    <Page title={say("settings.title")}>
      <Tabs at={at} onChoose={choose} tabs={TABS.map((name) => [name, say(`settings.tab_${name}`)])}>
        {at === "device" && <DeviceCard />}
        {at === "ways" && (
          <>
            <Passphrase />
            <RecoverySheet />
            <Passkeys />
            <Codes />
          </>
        )}
        {at === "sessions" && <Sessions />}
        {at === "told" && <Notices />}
        {at === "about" && <About />}
      </Tabs>
    </Page>
  );
}
