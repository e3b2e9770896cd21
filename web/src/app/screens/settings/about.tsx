/** What this app is, and where it comes from. */

import type { VNode } from "preact";
import { useApp } from "../../core/app.ts";
import { Card, Facts } from "../../kit/showing.tsx";

export function About(): VNode {
  const { say, hub } = useApp();
  const own = globalThis.location.origin;
  return (
    <Card title={say("settings.about")}>
      <p>{say("settings.about_what")}</p>
      <Facts
        rows={[
          [say("settings.about_hub"), <bdi class="digits">{hub || own}</bdi>],
          [say("settings.about_from"), <bdi class="digits">{own}</bdi>],
        ]}
      />
      <p>{say("settings.about_trust")}</p>
      <p>
        <a href={`${hub}/errors`}>{say("settings.about_errors")}</a>
      </p>
    </Card>
  );
}
