/** How a member is told that something waits: never what. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { Member } from "../../../client/member.ts";
import type { JsonObject } from "../../../rcp/encoding.ts";
import * as a from "../../../rcp/shapes.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { LANGS, OWN_NAMES } from "../../core/words.ts";
import { Button, Choice, Choices, Field, TextField, Tick } from "../../kit/controls.tsx";
import { Card, Notice } from "../../kit/showing.tsx";

const PATH = "/api/v1/me/notices";
const CHOICE = a.atLeast({ language: a.string, channels: a.listOf(a.string, 4), zone: a.string });
const ORDERS = ["mail", "sms", "mail sms", "sms mail"];
const NIGHT: readonly [number, number] = [21 * 60, 6 * 60];
type Told = {
  language: string;
  channels: string[];
  phone: string | null;
  quiet: [number, number] | null;
  zone: string;
};

export function Notices(): VNode {
  const { say, member } = useApp();
  const loading = useLoaded(() => toldOf(member), [member]);
  return (
    <Card title={say("settings.told")}>
      <p>{say("settings.told_what")}</p>
      <Loaded of={loading}>{(told) => <Form told={told} />}</Loaded>
    </Card>
  );
}

function Form({ told }: { told: Told }): VNode {
  const { say, member } = useApp();
  const [value, set] = useState(told);
  const texts = value.channels.includes("sms");
  const saving = useAction(async () => {
    if (texts && !value.phone) return;
    await member.hub.put(PATH, value as unknown as JsonObject);
  });
  const time = (which: 0 | 1, label: string) => (
    <Field label={label}>
      {(tied) => (
        <input
          {...tied}
          type="time"
          value={clock(value.quiet![which])}
          onInput={(event) => {
            const quiet: [number, number] = [...value.quiet!];
            quiet[which] = minute(event.currentTarget.value);
            set({ ...value, quiet });
          }}
        />
      )}
    </Field>
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void saving.run();
      }}
    >
      <Choice
        label={say("settings.told_language")}
        value={value.language}
        options={LANGS.map((one) => [one, OWN_NAMES[one]])}
        onChoose={(language) => set({ ...value, language })}
      />
      <Choices
        label={say("settings.told_by")}
        hint={say("settings.told_by_hint")}
        value={value.channels.join(" ")}
        options={ORDERS.map((one) => [one, say(`settings.told_${one.replace(" ", "_")}`)])}
        onChoose={(order) => set({ ...value, channels: order.split(" ") })}
      />
      {texts && (
        <TextField
          label={say("settings.phone")}
          hint={say("settings.phone_hint")}
          type="tel"
          autocomplete="tel"
          value={value.phone ?? ""}
          error={value.phone ? null : say("app.required")}
          onInput={(phone) => set({ ...value, phone: phone || null })}
          code
        />
      )}
      <Tick
        label={say("settings.quiet")}
        checked={value.quiet !== null}
        onTick={(on) => set({ ...value, quiet: on ? [...NIGHT] : null, zone: on ? here() : value.zone })}
      />
      {value.quiet && (
        <>
          {time(0, say("settings.quiet_from"))}
          {time(1, say("settings.quiet_to"))}
          <p class="hint">{say("settings.quiet_hint", { zone: value.zone })}</p>
        </>
      )}
      {saving.error !== null && <Problem error={saving.error} />}
      <Button kind="main" type="submit" busy={saving.busy}>
        {say("app.save")}
      </Button>
      {saving.done && (
        <Notice kind="good" live>
          <p>{say("settings.saved")}</p>
        </Notice>
      )}
    </form>
  );
}

async function toldOf(member: Member): Promise<Told> {
  const found = await member.hub.get(PATH);
  CHOICE(found);
  return found as unknown as Told;
}

const here = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;
const two = (value: number): string => String(value).padStart(2, "0");
const clock = (minutes: number): string => `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
const minute = (text: string): number => {
  const [hours = 0, minutes = 0] = text.split(":").map(Number);
  return hours * 60 + minutes;
};
