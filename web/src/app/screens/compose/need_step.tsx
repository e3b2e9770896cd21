/** What is needed, where, how soon, and for what purpose. */

import type { VNode } from "preact";
import { special, WINDOWS } from "../../../client/clocks.ts";
import { NEEDS } from "../../../client/reasons.ts";
import { PURPOSES } from "../../../consent/policy.ts";
import { inAYear, today } from "../../../link/steps.ts";
import { useApp } from "../../core/app.ts";
import { Button, Choice, Choices, DateField, TextArea, TextField, Ticks } from "../../kit/controls.tsx";
import { localMoment } from "../cases/fields.tsx";
import { AreaField } from "../services/parts.tsx";
import { purposeOf, withProviders, type Draft } from "./draft.ts";
import { secondsOf } from "./going.ts";
import type { StepProps } from "./index.tsx";

const EMERGENCY = "emergency";
const URGENCIES = [EMERGENCY, "urgent", "high", "routine"];

export function NeedStep({ draft, held, came, coded, set, next }: StepProps): VNode {
  const { say, now, lang } = useApp();
  const options = [...coded.options("needs", Object.keys(NEEDS))].sort(([, one], [, other]) =>
    one.localeCompare(other, lang),
  );
  const [first = "", ...others] = draft.needs;
  const open = isOpen(draft, now());
  const ready = first !== "" && open;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) next();
      }}
    >
      <Choice
        label={say("compose.need")}
        none={say("compose.choose")}
        value={first}
        options={options}
        onChoose={(need) =>
          set({
            needs: [need, ...others.filter((one) => one !== need)],
            purpose: draft.unnamed ? draft.purpose : purposeOf(need),
            ...withProviders([]),
          })
        }
      />
      <details>
        <summary>{say("compose.more_needs")}</summary>
        <Ticks
          label={say("compose.more_needs")}
          hint={say("compose.more_needs_hint")}
          values={others}
          options={options.filter(([code]) => code !== first)}
          onChange={(more) => set({ needs: [first, ...more].filter(Boolean) })}
        />
      </details>
      {!held && !came && !draft.unnamed && (
        <TextArea label={say("compose.words")} optional value={draft.words} onInput={(words) => set({ words })} />
      )}
      <AreaField
        label={say("compose.area")}
        hint={say("compose.area_hint")}
        codes={draft.area ? [draft.area] : []}
        onChange={([area = ""]) => set({ area })}
      />
      <Choices
        label={say("handoff.urgency")}
        value={draft.urgency}
        options={URGENCIES.map((one) => [one, say(`inbox.urgency.${one}`)] as const)}
        onChoose={(urgency) => set({ urgency, ...(urgency === EMERGENCY ? {} : { window: "" }) })}
      />
      <details open={draft.window !== ""}>
        <summary>{say("compose.window")}</summary>
        <Choice
          label={say("compose.window")}
          hint={say("compose.window_about")}
          none={say("compose.window_none")}
          optional
          value={draft.window}
          options={WINDOWS.map((one) => [one, say(`compose.window.${one}`)] as const)}
          onChoose={(window) => set({ window, ...(window ? { urgency: EMERGENCY } : {}) })}
        />
        {draft.window !== "" && (
          <TextField
            label={say("compose.event")}
            type="datetime-local"
            max={localMoment(now())}
            value={draft.event}
            error={draft.event !== "" && !open ? say("compose.window_closed") : null}
            onInput={(event) => set({ event })}
          />
        )}
      </details>
      <DateField
        label={say("compose.needed_from")}
        hint={say("compose.needed_from_hint")}
        optional
        min={today(now())}
        max={inAYear(now())}
        value={draft.neededFrom}
        onInput={(neededFrom) => set({ neededFrom })}
      />
      <Choice
        label={say("compose.purpose")}
        hint={say("compose.purpose_hint")}
        value={draft.purpose || purposeOf(first)}
        options={coded.options("purposes", PURPOSES)}
        onChoose={(purpose) => set({ purpose })}
      />
      {!first && <p class="hint">{say("compose.need_first")}</p>}
      {draft.window !== "" && draft.event === "" && <p class="hint">{say("compose.event_first")}</p>}
      <p class="row">
        <Button type="submit" kind="main" disabled={!ready}>
          {say("app.next")}
        </Button>
      </p>
    </form>
  );
}

/** Whether no window was chosen, or it has not closed yet. */
function isOpen({ window, event }: Draft, now: number): boolean {
  if (!window) return true;
  try {
    return special(window, secondsOf(event), now).closes > now;
  } catch {
    return false;
  }
}
