/** What others see of the agency: its name and working days; who takes over; whom to phone. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { colleagues } from "../../../client/colleagues.ts";
import { CASE_ROLES } from "../../../client/documents.ts";
import { changeEntry } from "../../../client/epochs.ts";
import type { Member } from "../../../client/member.ts";
import { isObject, type JsonObject } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { localeOf, type Say } from "../../core/words.ts";
import { Button, Choice, Form, TextArea, TextField, Tick, Ticks, type Option } from "../../kit/controls.tsx";
import { Card, Notice } from "../../kit/showing.tsx";
import { linesOf } from "../join/facts.tsx";
import { Days, daysIn } from "./days_off.tsx";
import { Rota } from "./rota.tsx";

/** Who may change how the agency is called and when it works. */
const EDITORS = ["coordinator", "agency_admin", "data_officer"];
const MONDAY = Date.UTC(2024, 0, 1);
const DAY = 86_400_000;

interface Facts {
  readonly deputy: string;
  readonly duty: string;
  readonly colleagues: readonly Option[];
  readonly profile: JsonObject;
}

export function AgencyCard(): VNode {
  const { say, member, roles } = useApp();
  const loading = useLoaded(() => factsOf(member), [member]);
  return (
    <Loaded of={loading}>
      {(facts) => (
        <>
          <p>
            <a href="#/consent/ground">{say("admin.ground")}</a>
          </p>
          <Entry facts={facts} onDone={loading.again} />
          <Rota colleagues={facts.colleagues} />
          {roles.some((role) => EDITORS.includes(role)) && <Profile profile={facts.profile} onDone={loading.again} />}
        </>
      )}
    </Loaded>
  );
}

async function factsOf(member: Member): Promise<Facts> {
  member.trust.forget();
  const [home, people] = [await member.home(), await colleagues(member)];
  const working = people.filter(({ roles }) => roles.some((role) => CASE_ROLES.includes(role)));
  const directory = await member.hub.get("/api/v1/directory");
  const rows = isObject(directory) && Array.isArray(directory["agencies"]) ? directory["agencies"] : [];
  const own = rows.find((row) => isObject(row) && row["agency"] === member.agency);
  return {
    deputy: home.entry.deputy ?? "",
    duty: home.entry.duty.join("\n"),
    colleagues: working.map(({ member: id, login }) => [id, login]),
    profile: isObject(own) ? own : {},
  };
}

function Entry({ facts, onDone }: { facts: Facts; onDone: () => void }): VNode {
  const { say, member } = useApp();
  const [deputy, setDeputy] = useState(facts.deputy);
  const [duty, setDuty] = useState(facts.duty);
  const saving = useAction(async () => {
    await changeEntry(member, { deputy: deputy || null, duty: linesOf(duty) });
    onDone();
  });
  return (
    <Card title={say("admin.contacts")}>
      <Form onSend={saving.run}>
        <TextArea label={say("people.duty")} hint={say("people.duty_hint")} value={duty} rows={3} onInput={setDuty} />
        <Choice
          label={say("admin.deputy")}
          hint={say("admin.deputy_hint")}
          value={deputy}
          none={say("admin.nobody")}
          options={facts.colleagues}
          onChoose={setDeputy}
        />
        {saving.error !== null && <Problem error={saving.error} />}
        {saving.done && <Saved />}
        {member.root && (
          <Button kind="main" type="submit" busy={saving.busy}>
            {say("admin.save")}
          </Button>
        )}
      </Form>
    </Card>
  );
}

function Profile({ profile, onDone }: { profile: JsonObject; onDone: () => void }): VNode {
  const { say, member } = useApp();
  const [name, setName] = useState(String(profile["name"] ?? ""));
  const [zone, setZone] = useState(String(profile["zone"] ?? Intl.DateTimeFormat().resolvedOptions().timeZone));
  const [weekend, rest] = useState<readonly string[]>(
    ((profile["weekend"] as number[] | undefined) ?? [5, 6]).map(String),
  );
  const [closed, close] = useState(dayList(profile["closed"]));
  const [worked, work] = useState(dayList(profile["worked"]));
  const [remote, far] = useState(profile["remote"] === true);
  const [tried, attempt] = useState(false);
  const saving = useAction(async () => {
    attempt(true);
    if (!name.trim() || !zone.trim()) return;
    const days = { weekend: weekend.map(Number).sort(), closed: daysIn(closed), worked: daysIn(worked) };
    await member.hub.put("/api/v1/directory/profile", { ...days, name: name.trim(), zone, remote });
    onDone();
  });
  const missing = (text: string) => (tried && !text.trim() ? say("app.required") : null);
  return (
    <Card title={say("admin.profile")}>
      <Form onSend={saving.run}>
        <TextField label={say("admin.name")} value={name} error={missing(name)} onInput={setName} />
        <TextField
          label={say("admin.zone")}
          hint={say("admin.zone_hint")}
          value={zone}
          error={missing(zone)}
          onInput={setZone}
          code
        />
        <Ticks label={say("admin.weekend")} values={weekend} options={weekdays(say)} onChange={rest} />
        <Days label={say("admin.closed")} hint={say("admin.closed_hint")} values={closed} onChange={close} />
        <Days label={say("admin.worked")} hint={say("admin.worked_hint")} values={worked} onChange={work} />
        <Tick label={say("admin.remote")} checked={remote} onTick={far} />
        {saving.error !== null && <Problem error={saving.error} />}
        {saving.done && tried && <Saved />}
        <Button kind="main" type="submit" busy={saving.busy}>
          {say("admin.save")}
        </Button>
      </Form>
    </Card>
  );
}

function Saved(): VNode {
  const { say } = useApp();
  return (
    <Notice kind="good" live>
      <p>{say("admin.saved")}</p>
    </Notice>
  );
}

const dayList = (given: unknown): readonly string[] => (Array.isArray(given) ? given.map(String) : []);

/** Days of the week from Monday, as the reader calls them. */
function weekdays(say: Say): Option[] {
  const format = new Intl.DateTimeFormat(localeOf(say.lang), { weekday: "long", timeZone: "UTC" });
  return Array.from({ length: 7 }, (_, index) => [String(index), format.format(MONDAY + index * DAY)]);
}
