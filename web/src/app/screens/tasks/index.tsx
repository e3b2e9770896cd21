/** What is left to do beside referrals, each with its day: needs to place again, reviews, and needs that nobody met. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import * as outcomes from "../../../client/outcomes.ts";
import { listing as caseFiles } from "../../../client/cases.ts";
import { colleagues } from "../../../client/colleagues.ts";
import { BARRIERS, NEEDS, REASONS, SEXES } from "../../../client/reasons.ts";
import * as tasks from "../../../client/tasks.ts";
import type { Task } from "../../../client/tasks.ts";
import { listing as untoldOf } from "../../../client/telling.ts";
import { useApp, type ScreenProps } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { Button, Choice, Ticks } from "../../kit/controls.tsx";
import { Card, Due, Empty, Foreign, Notice, Page } from "../../kit/showing.tsx";
import { caseName } from "../cases/case_picker.tsx";
import { loadCaseWords, loadLabels } from "../cases/labels.ts";
import { Untold } from "../cases/untold.tsx";
import { spoken, type Words } from "../../../consent/words.ts";
import { loadCoded, type Coded } from "../handoff/coded.ts";
import { namesOf, type Names } from "../inbox/names.ts";
import { AreaField } from "../services/parts.tsx";

export default function Tasks(_: ScreenProps): VNode {
  const { say, member, local, lang } = useApp();
  const loading = useLoaded(async () => {
    const [rows, names, coded, words] = await Promise.all([
      tasks.listing(member),
      namesOf(local),
      loadCoded(lang),
      spoken(lang),
    ]);
    return { rows, names, coded, words };
  }, [member, lang]);
  const telling = useLoaded(async () => {
    const files = await caseFiles(member);
    const [untold, people, labels] = await Promise.all([
      untoldOf(member, files),
      colleagues(member),
      loadLabels(lang),
      loadCaseWords(lang),
    ]);
    const children = files
      .map((held) => ({ held, tellings: untold.filter(({ record }) => record === held.record) }))
      .filter(({ tellings }) => tellings.length > 0)
      .sort((one, other) => one.tellings[0]!.due - other.tellings[0]!.due);
    return { children, people, labels };
  }, [member, lang]);
  return (
    <Page title={say("tasks.title")}>
      <p>{say("tasks.about")}</p>
      <Loaded of={loading}>
        {({ rows, names, coded, words }) => (
          <>
            <Loaded of={telling}>
              {({ children, people, labels }) => (
                <>
                  {rows.length + children.length === 0 && (
                    <Empty>
                      <p>{say("tasks.none")}</p>
                    </Empty>
                  )}
                  <ul class="plain-list">
                    {children.map(({ held, tellings }) => (
                      <li key={held.record}>
                        <Untold {...{ tellings, labels, people }} name={caseName(say, held, member.id)} />
                      </li>
                    ))}
                  </ul>
                </>
              )}
            </Loaded>
            <ul class="plain-list">
              {rows.map((task) => (
                <li key={`${task.what} ${task.about} ${task.due}`}>
                  <OneTask {...{ task, names, coded, words }} done={loading.again} />
                </li>
              ))}
            </ul>
            <NoteUnmet coded={coded} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

interface OneTaskProps {
  readonly task: Task;
  readonly names: Names;
  readonly coded: Coded;
  readonly words: Words;
  readonly done: () => void;
}

function OneTask({ task, names, coded, words, done }: OneTaskProps): VNode {
  const { say, member } = useApp();
  const act = useAction(async (found: string) => {
    await tasks.finish(member, task, found);
    done();
  });
  const placing = task.what === "rest" || task.what === "again";
  const needs = task.needs.map((need) => coded.word("needs", need)).join(", ");
  const rules = task.needs.map((rule) => rule.toUpperCase());
  return (
    <Card title={say(`tasks.what_${task.what}`)}>
      <p>
        <Due at={task.due} />
      </p>
      {placing && needs && <p>{needs}</p>}
      {!placing &&
        rules.map((rule) => (
          <p key={rule}>
            {words.message(rule)} <span class="quiet">({rule})</span>
          </p>
        ))}
      {task.handoffs.map((handoff) => (
        <p key={handoff}>
          <a href={`#/handoff/${handoff}`}>
            {names[handoff] ? <Foreign>{names[handoff]}</Foreign> : say("tasks.see_referral")}
          </a>
        </p>
      ))}
      {!placing && (
        <p>
          <a href={`#/consent/${task.about}`}>{say("tasks.see_basis")}</a>
        </p>
      )}
      <p class="row">
        {placing && (
          <a class="button main" href={`#/compose?again=${task.about}`}>
            {say("tasks.refer")}
          </a>
        )}
        {tasks.DONE[task.what]!.map((found) => (
          <Button key={found} busy={act.busy} onClick={() => act.run(found)}>
            {say(`tasks.done_${found}`)}
          </Button>
        ))}
      </p>
      {act.error !== null && <Problem error={act.error} />}
    </Card>
  );
}

/** A need for which there was nobody to refer to. It stays here, in codes; counts of many go out. */
function NoteUnmet({ coded }: { coded: Coded }): VNode {
  const { say, member } = useApp();
  const [need, setNeed] = useState("");
  const [band, setBand] = useState("unknown");
  const [sex, setSex] = useState("");
  const [area, setArea] = useState("");
  const [reason, setReason] = useState("no_service");
  const [barriers, setBarriers] = useState<readonly string[]>([]);
  const act = useAction(async () => {
    const row = { need, age_band: band, sex: sex || null, area: area || null, reason, barriers: [...barriers] };
    await outcomes.noteUnmet(member, row);
    setNeed("");
  });
  return (
    <details>
      <summary>{say("tasks.unmet")}</summary>
      <p>{say("tasks.unmet_about")}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (need) void act.run();
        }}
      >
        <Choice
          label={say("tasks.need")}
          none={say("tasks.choose")}
          value={need}
          options={coded.options("needs", Object.keys(NEEDS))}
          onChoose={setNeed}
        />
        <Choice
          label={say("tasks.age_band")}
          value={band}
          options={outcomes.AGE_BANDS.map((one) => [one, one === "unknown" ? say("app.unknown") : one] as const)}
          onChoose={setBand}
        />
        <Choice
          label={say("tasks.sex")}
          optional
          none={say("app.unknown")}
          value={sex}
          options={coded.options("sexes", SEXES)}
          onChoose={setSex}
        />
        <AreaField label={say("tasks.area")} codes={area ? [area] : []} onChange={([code = ""]) => setArea(code)} />
        <Choice
          label={say("tasks.reason")}
          value={reason}
          options={coded.options("codes", REASONS)}
          onChoose={setReason}
        />
        <details>
          <summary>{say("tasks.barriers")}</summary>
          <Ticks
            label={say("tasks.barriers")}
            values={barriers}
            options={coded.options("codes", BARRIERS)}
            onChange={setBarriers}
          />
        </details>
        <p class="row">
          <Button type="submit" kind="main" busy={act.busy} disabled={!need}>
            {say("tasks.write")}
          </Button>
        </p>
      </form>
      {act.done && (
        <Notice kind="good" live>
          <p>{say("tasks.written")}</p>
        </Notice>
      )}
      {act.error !== null && <Problem error={act.error} />}
    </details>
  );
}
