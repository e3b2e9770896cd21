/** Steps of recording a consent: what was explained, and how the child answered. */

import type { VNode } from "preact";
import { NEED_NOT_BE_ASKED, TOPICS } from "../../../consent/policy.ts";
import { NOTICES, spoken, type Spoken } from "../../../consent/words.ts";
import { useApp } from "../../core/app.ts";
import { useLoaded } from "../../core/loading.tsx";
import { dirOf, isLang } from "../../core/words.ts";
import { Choice, Choices, TextArea, TextField, Tick, Ticks } from "../../kit/controls.tsx";
import type { Option } from "../../kit/controls.tsx";
import { Card, Notice } from "../../kit/showing.tsx";
import { worldName } from "../cases/labels.ts";
import { shownIn } from "./form.ts";
import { useLanguages, type StepProps } from "./steps.tsx";

export function Told({ form, change, wrong, words }: StepProps): VNode {
  const { say, lang } = useApp();
  const languages = useLanguages();
  const { choices } = words.file;
  return (
    <>
      <p>{say("consent.told_about")}</p>
      <Choice
        label={say("consent.notice")}
        value={form.notice}
        none={say("consent.no_notice")}
        onChoose={(notice) => change({ notice })}
        options={NOTICES.filter((id) => !id.endsWith("-child")).map((id) => [id, words.file.notices.titles[id]!])}
      />
      {form.notice && <ReadAloud id={form.notice} read={shownIn(form, lang)} choose={(readIn) => change({ readIn })} />}
      <Choice
        label={say("consent.informed_in")}
        error={wrong("informedIn")}
        value={form.informedIn}
        none={say("consent.choose")}
        onChoose={(informedIn) => change({ informedIn })}
        options={languages}
      />
      <Choice
        label={say("consent.interpreter")}
        value={form.interpreter}
        none={say("consent.no_interpreter")}
        onChoose={(interpreter) => change({ interpreter })}
        options={["in_person", "phone", "video", "relative", "colleague"].map((name) => [name, choices[name]!])}
      />
      {form.interpreter && (
        <>
          <TextField
            label={say("consent.interpreter_who")}
            optional
            value={form.interpreterRef}
            onInput={(interpreterRef) => change({ interpreterRef })}
          />
          <Tick
            label={say("consent.interpreter_promise")}
            checked={form.interpreterPromise}
            onTick={(interpreterPromise) => change({ interpreterPromise })}
          />
        </>
      )}
      <Ticks
        label={say("consent.explained")}
        hint={say("consent.explained_hint")}
        error={wrong("explained")}
        values={form.explained}
        onChange={(explained) => change({ explained })}
        options={TOPICS.map((name) => [name, words.file.topics[name]!])}
      />
      <Choices
        label={say("consent.understanding")}
        value={form.understanding}
        onChoose={(understanding) => change({ understanding })}
        options={["teach_back", "asked", "not_checked"].map((name) => [name, choices[name]!])}
      />
      <Tick
        label={say("consent.time_to_think")}
        checked={form.timeToThink}
        onTick={(timeToThink) => change({ timeToThink })}
      />
      <TextField
        label={say("consent.informed_by")}
        hint={say("consent.no_names")}
        error={wrong("informedBy")}
        value={form.informedBy}
        onInput={(informedBy) => change({ informedBy })}
      />
    </>
  );
}

/** The notice for the giver and the one for the child, to be read out; in another language than the screen's, if one likes. */
function ReadAloud({ id, read, choose }: { id: string; read: Spoken; choose: (lang: Spoken) => void }): VNode | null {
  const { say } = useApp();
  const loaded = useLoaded(() => spoken(read), [read]);
  if (loaded.is !== "ready") return null;
  const langs: Option[] = (["en", "fr", "es", "ar"] as const).map((code) => [code, worldName(say, "language", code)]);
  return (
    <Card>
      <Choice
        label={say("consent.read_in")}
        value={read}
        onChoose={(code) => isLang(code) && choose(code)}
        options={langs}
      />
      {[id, `${id}-child`].map((name) => {
        const { title, paragraphs } = loaded.value.notice(name);
        return (
          <details key={name} lang={read} dir={dirOf(read)}>
            <summary>{title}</summary>
            {paragraphs.map(({ topic, heading, text }) => (
              <section key={topic}>
                <h3>{heading}</h3>
                <p>{text}</p>
              </section>
            ))}
          </details>
        );
      })}
    </Card>
  );
}

export function Answer({ form, change, wrong, words }: StepProps): VNode {
  const { say } = useApp();
  const languages = useLanguages();
  const { choices } = words.file;
  const grown = form.situation === "adult";
  const asked = form.answer === "agreed" || form.answer === "refused";
  return (
    <>
      <p>{say(grown ? "consent.answer_adult" : "consent.answer_about")}</p>
      <Choices
        label={say(grown ? "consent.own_answer" : "consent.childs_answer")}
        error={wrong("answer")}
        value={form.answer}
        onChoose={(answer) => change({ answer })}
        options={["agreed", "refused", ...(grown ? [] : ["too_young", "not_able"])].map((name) => [
          name,
          choices[name]!,
        ])}
      />
      {form.answer === "refused" && (
        <Notice kind="warn" live>
          <p>{say("consent.refused_next")}</p>
        </Notice>
      )}
      {form.answer === "too_young" && (
        <Notice live>
          <p>{say("consent.too_young_hint", { band: NEED_NOT_BE_ASKED.join(", ") })}</p>
        </Notice>
      )}
      {asked && (
        <>
          <TextField
            label={say("consent.asked_by")}
            hint={say("consent.no_names")}
            error={wrong("askedBy")}
            value={form.askedBy}
            onInput={(askedBy) => change({ askedBy })}
          />
          <Choice
            label={say("consent.how")}
            value={form.how}
            onChoose={(how) => change({ how })}
            options={["spoken", "written", "drawing", "play", "signed", "picture_cards"].map((name) => [
              name,
              choices[name]!,
            ])}
          />
          <Choice
            label={say("consent.answered_in")}
            value={form.answeredIn}
            none={say("consent.choose")}
            onChoose={(answeredIn) => change({ answeredIn })}
            options={languages}
          />
          <TextArea
            label={say("consent.childs_words")}
            optional
            value={form.childsWords}
            onInput={(childsWords) => change({ childsWords })}
          />
        </>
      )}
      {(asked || form.answer === "not_able") && !grown && (
        <>
          <TextField
            label={say("consent.assessed")}
            hint={say("consent.assessed_hint")}
            optional={form.answer !== "not_able"}
            error={wrong("assessed")}
            value={form.assessed}
            onInput={(assessed) => change({ assessed })}
          />
          {form.assessed && (
            <TextField
              label={say("consent.assessed_why")}
              error={wrong("assessedWhy")}
              value={form.assessedWhy}
              onInput={(assessedWhy) => change({ assessedWhy })}
            />
          )}
        </>
      )}
    </>
  );
}
