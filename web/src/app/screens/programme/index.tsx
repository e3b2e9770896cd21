/** The programmes that a case follows: how far it has come with each, what comes next and why something waits. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { CaseFile } from "../../../client/cases.ts";
import { said, type Template } from "../../../client/programme_template.ts";
import * as programmes from "../../../client/programmes.ts";
import { useApp, type ScreenProps } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { dateOf } from "../../core/time.ts";
import { Button, Choice, DateField, Form } from "../../kit/controls.tsx";
import { Card, Empty, Notice, Page } from "../../kit/showing.tsx";
import { OpenedCase } from "../cases/opened.tsx";
import { loadCoded } from "../handoff/coded.ts";
import { Followed, loadSentences } from "./followed.tsx";

export default function Programme({ args: [record = ""] }: ScreenProps): VNode {
  return (
    <OpenedCase record={record} back={`cases/${record}`}>
      {(held, put) => <OfCase held={held} put={put} />}
    </OpenedCase>
  );
}

interface OfCaseProps {
  readonly held: CaseFile;
  readonly put: (held: CaseFile) => void;
}

function OfCase({ held, put }: OfCaseProps): VNode {
  const { say, member, lang } = useApp();
  const loading = useLoaded(async () => {
    const [followed, known, coded, sentences] = await Promise.all([
      programmes.listing(member, held.record),
      programmes.templates(member),
      loadCoded(lang),
      loadSentences(lang),
    ]);
    return { followed, known: [...known.values()], coded, sentences };
  }, [member, held.record, lang]);
  return (
    <Page title={say("programme.title")} back={`cases/${held.record}`}>
      <p class="lead">{say("programme.about")}</p>
      <Loaded of={loading}>
        {({ followed, known, coded, sentences }) => {
          const begun = followed.map(({ template }) => template.hash);
          const came = programmes.outOf(held);
          const isNew = came !== null && !followed.some(({ id }) => id === came["tracker"]);
          return (
            <>
              {isNew && <Came held={held} onTaken={loading.again} />}
              {followed.length === 0 && !isNew && (
                <Empty>
                  <p>{say("programme.none")}</p>
                </Empty>
              )}
              {followed.map((of) => (
                <Followed key={of.id} {...{ held, put, of, coded, sentences }} onMarked={loading.again} />
              ))}
              <Start
                held={held}
                options={known.filter(({ hash }) => !begun.includes(hash))}
                onStarted={loading.again}
              />
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

/** One that the agency before has followed, in the plan that came with the case. */
function Came({ held, onTaken }: { held: CaseFile; onTaken: () => void }): VNode {
  const { say, member } = useApp();
  const take = useAction(async () => {
    await programmes.take(member, held, programmes.outOf(held)!);
    onTaken();
  });
  return (
    <Notice>
      <p>{say("programme.came")}</p>
      {take.error !== null && <Problem error={take.error} />}
      <p class="row">
        <Button kind="main" busy={take.busy} onClick={take.run}>
          {say("programme.go_on")}
        </Button>
      </p>
    </Notice>
  );
}

interface StartProps {
  readonly held: CaseFile;
  readonly options: readonly Template[];
  readonly onStarted: () => void;
}

function Start({ held, options, onStarted }: StartProps): VNode | null {
  const { say, member, now, lang } = useApp();
  const [name, choose] = useState("");
  const [on, setOn] = useState(dateOf(now()));
  const [tried, setTried] = useState(false);
  const start = useAction(async () => {
    setTried(true);
    if (!name) return;
    await programmes.start(member, held, name, on || undefined);
    choose("");
    setTried(false);
    onStarted();
  });
  const chosen = options.find((one) => one.name === name);
  if (options.length === 0) return null;
  return (
    <Card title={say("programme.start")}>
      <Form onSend={start.run}>
        <Choice
          label={say("programme.which")}
          none={say("programme.choose")}
          value={name}
          options={options.map((one) => [one.name, said(one.title, lang)])}
          onChoose={choose}
          error={tried && !name ? say("app.required") : null}
        />
        {chosen && (
          <>
            <p class="quiet">
              <bdi>{chosen.source}</bdi>
            </p>
            <ol>
              {chosen.steps.map((step) => (
                <li key={step.id}>{said(step.words, lang)}</li>
              ))}
            </ol>
          </>
        )}
        <DateField label={say("programme.since")} value={on} max={dateOf(now())} onInput={setOn} />
        {start.error !== null && <Problem error={start.error} />}
        <p class="row">
          <Button kind="main" type="submit" busy={start.busy}>
            {say("programme.start")}
          </Button>
        </p>
      </Form>
    </Card>
  );
}
