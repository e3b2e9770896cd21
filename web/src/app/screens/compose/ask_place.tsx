/** Asking a provider, about nobody, whether there is a place: before anything of a person is sent. */

import type { VNode } from "preact";
import { ask } from "../../../client/inquiries.ts";
import { today } from "../../../link/steps.ts";
import type { Facts } from "../../../client/person.ts";
import { useApp } from "../../core/app.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { Button } from "../../kit/controls.tsx";
import { bandOf } from "./draft.ts";
import type { StepProps } from "./index.tsx";

export function AskPlace({
  draft,
  to,
  service,
  person,
}: StepProps & { to: string; service: string; person: Facts }): VNode | null {
  const { say, member, now } = useApp();
  const months = person["months_from"];
  const act = useAction(async () => {
    const question = {
      need: draft.needs[0] ?? "",
      service,
      age_band: bandOf(Number(months)),
      sex: (person["sex"] as string | null) || null,
      from: draft.neededFrom || today(now()),
      how_many: 1,
    };
    await ask(member, to, question, draft.urgency);
  });
  if (typeof months !== "number") return null;
  if (act.done) return <span role="status">{say("compose.place_asked")}</span>;
  return (
    <>
      <Button busy={act.busy} onClick={act.run}>
        {say("compose.ask_place")}
      </Button>
      {act.error !== null && <Problem error={act.error} />}
    </>
  );
}
