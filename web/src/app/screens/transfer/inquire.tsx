/** Asking an agency, about nobody, whether there is a place: the first word of a leg, before anything of a child is sent. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { known as agencies, labelOf } from "../../../client/agencies.ts";
import { ask } from "../../../client/inquiries.ts";
import { NEEDS } from "../../../client/reasons.ts";
import { newLeg } from "../../../client/transfers.ts";
import { BANDS } from "../../../consent/policy.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, useAction, useLoaded } from "../../core/loading.tsx";
import { dateOf } from "../../core/time.ts";
import { Choice, DateField, Form, TextField } from "../../kit/controls.tsx";
import { Page } from "../../kit/showing.tsx";
import { loadCoded } from "../handoff/coded.ts";
import { Foot } from "./signing.tsx";

const DAY = 86_400;

export function Inquire(): VNode {
  const { say, member, lang, now, go } = useApp();
  const [bands, needs] = [Object.keys(BANDS), Object.keys(NEEDS)];
  const [said, setSaid] = useState({
    ...{ to: "", need: needs[0]!, band: bands[0]!, from: dateOf(now() + 7 * DAY), many: "1" },
  });
  const [tried, setTried] = useState(false);
  const loading = useLoaded(async () => {
    const [rows, coded] = await Promise.all([agencies(member), loadCoded(lang)]);
    return { rows: rows.filter(({ agency }) => agency !== member.agency), coded };
  }, [member, lang]);
  const set = (name: keyof typeof said) => (value: string) => setSaid({ ...said, [name]: value });
  const many = /^[1-9]\d?$/.test(said.many) ? Number(said.many) : null;
  const act = useAction(async () => {
    setTried(true);
    if (!said.to || many === null) return;
    const leg = newLeg();
    const question = { need: said.need, age_band: said.band, from: said.from, how_many: many };
    await ask(member, said.to, question, "routine", leg);
    go(`transfer/${leg}`);
  });
  return (
    <Page title={say("transfer.step.inquire")} back="transfers">
      <p class="lead">{say("transfer.inquire.about")}</p>
      <Loaded of={loading}>
        {({ rows, coded }) => (
          <Form onSend={act.run}>
            <Choice
              label={say("transfer.offer.to")}
              none={say("transfer.offer.to_none")}
              value={said.to}
              options={rows.map((row) => [row.agency, labelOf(row)])}
              onChoose={set("to")}
              error={tried && !said.to ? say("app.required") : null}
            />
            <Choice
              label={say("handoff.asked_for")}
              value={said.need}
              options={coded.options("needs", needs)}
              onChoose={set("need")}
            />
            <Choice
              label={say("handoff.age_band")}
              value={said.band}
              options={bands.map((band) => [band, band])}
              onChoose={set("band")}
            />
            <DateField label={say("handoff.needed_from")} value={said.from} onInput={set("from")} />
            <TextField
              label={say("handoff.how_many")}
              inputMode="numeric"
              value={said.many}
              onInput={set("many")}
              error={tried && many === null ? say("app.required") : null}
            />
            <Foot act={act} />
          </Form>
        )}
      </Loaded>
    </Page>
  );
}
