/** Whom it is about: one of the agency's cases, or somebody without a file here; and who else of the same household. */

import type { VNode } from "preact";
import { SEXES } from "../../../client/reasons.ts";
import { useApp } from "../../core/app.ts";
import { Button, Choice, TextArea, TextField, Tick } from "../../kit/controls.tsx";
import { Foreign } from "../../kit/showing.tsx";
import { nameIn } from "../inbox/names.ts";
import { CasePicker } from "../cases/case_picker.tsx";
import { worldName } from "../cases/labels.ts";
import { NOBODY, people, type Person } from "./draft.ts";
import type { StepProps } from "./index.tsx";

const LANGUAGES = ["am", "ar", "aa", "so", "ti", "om", "fr", "en", "es", "ht", "pt", "ur", "fa", "ps", "bn", "hi"];

export function WhoStep(props: StepProps): VNode {
  const { say } = useApp();
  const { draft, of, set, setFiles, next, came } = props;
  if (came) {
    return (
      <>
        <p>
          <Foreign>{nameIn(came.sections) ?? say("compose.came_nameless")}</Foreign>
        </p>
        <p class="row">
          <Button kind="main" onClick={next}>
            {say("app.next")}
          </Button>
        </p>
      </>
    );
  }
  const all = people(draft);
  const said = (one: Person) => one.unnamed || one.case !== "" || one.name.trim() !== "" || one.reference.trim() !== "";
  const ready = all.every(said);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) next();
      }}
    >
      {draft.household.length === 0 && draft.case === "" && (
        <Tick
          label={say("compose.unnamed")}
          checked={draft.unnamed}
          onTick={(unnamed) => {
            const urgency = unnamed ? "emergency" : "routine";
            set({ ...NOBODY, unnamed, urgency, purpose: unnamed ? "emergency" : "" });
            setFiles(new Map());
          }}
        />
      )}
      {draft.unnamed && <p class="hint">{say("compose.unnamed_about")}</p>}
      <PersonFields {...of(0)} />
      {all.slice(1).map((_, at) => (
        <fieldset key={at + 1}>
          <legend>{say("compose.person_number", { number: at + 2 })}</legend>
          <PersonFields {...of(at + 1)} />
          <p class="row">
            <Button onClick={of(at + 1).leaveOut}>{say("compose.person_remove", { number: at + 2 })}</Button>
          </p>
        </fieldset>
      ))}
      {!draft.again && !draft.unnamed && draft.also.length === 0 && draft.gone.length === 0 && (
        <details open={all.length > 1}>
          <summary>{say("compose.household")}</summary>
          <p class="hint">{say("compose.household_about")}</p>
          <p class="row">
            <Button onClick={() => set({ household: [...draft.household, NOBODY] })}>
              {say("compose.person_add")}
            </Button>
          </p>
        </details>
      )}
      {!ready && <p class="hint">{say("compose.who_first")}</p>}
      <p class="row">
        <Button type="submit" kind="main" disabled={!ready}>
          {say("app.next")}
        </Button>
      </p>
    </form>
  );
}

function PersonFields({ draft, coded, set, setFiles }: StepProps): VNode {
  const { say } = useApp();
  const named = LANGUAGES.map((code) => [code, worldName(say, "language", code)] as const);
  return (
    <>
      {!draft.unnamed && (
        <CasePicker
          label={say("compose.case")}
          hint={say("compose.case_hint")}
          value={draft.case}
          onChoose={(record) => {
            set({ case: record, basis: "", sections: [], papers: [] });
            setFiles(new Map());
          }}
        />
      )}
      {draft.case === "" && (
        <fieldset>
          <legend>{say(draft.unnamed ? "compose.unnamed_who" : "compose.no_case")}</legend>
          {!draft.unnamed && (
            <>
              <TextField
                label={say("compose.first_name")}
                hint={say("compose.first_name_hint")}
                value={draft.name}
                onInput={(name) => set({ name })}
              />
              <TextField
                label={say("compose.reference")}
                optional
                value={draft.reference}
                onInput={(reference) => set({ reference })}
              />
            </>
          )}
          <TextField
            label={say("compose.age")}
            optional
            inputMode="numeric"
            value={draft.age}
            onInput={(age) => set({ age })}
          />
          <Choice
            label={say("compose.sex")}
            optional
            none={say("app.unknown")}
            value={draft.sex}
            options={coded.options("sexes", SEXES)}
            onChoose={(sex) => set({ sex })}
          />
          <Choice
            label={say("compose.language")}
            optional
            none={say("app.unknown")}
            value={draft.language}
            options={named}
            onChoose={(language) => set({ language })}
          />
          {!draft.unnamed && (
            <TextArea
              label={say("compose.contact")}
              hint={say("compose.contact_hint")}
              optional
              value={draft.contact}
              onInput={(contact) => set({ contact })}
            />
          )}
        </fieldset>
      )}
    </>
  );
}
