/** Days of a case that no visit moves: a review that a supervisor puts off, and what terms run from and end with. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { Due, Followed } from "../../../client/aftercare.ts";
import { plusDays } from "../../../client/days.ts";
import { events, RULES } from "../../../client/deadlines.ts";
import * as visits from "../../../client/visits.ts";
import { useApp } from "../../core/app.ts";
import { date } from "../../core/time.ts";
import { useTyped } from "../../core/typed.ts";
import { Choices, DateField, TextArea } from "../../kit/controls.tsx";
import { Notice } from "../../kit/showing.tsx";
import { Entry, OfCase } from "./entry.tsx";
import { options } from "./words.ts";

const SETTLING: { readonly [what: string]: string } = {
  review: "review",
  prepare_for_18: "event/transition_prepared",
  consent_again_at_18: "event/consent_taken_again",
};

/** Where it is said that something due was done; null for what has no end of its own. */
export function settledAt(held: Followed, { what, contact }: Due): string | null {
  if (contact) return "record";
  const done = `done_${what}`;
  return SETTLING[what] ?? (events(held.facts["country"]).includes(done) ? `event/${done}` : null);
}

export function Happened({ record, about }: { record: string; about?: string | undefined }): VNode {
  const { say } = useApp();
  return (
    <OfCase record={record} title={say("visits.step_event")}>
      {(held) => <HappenedForm held={held} about={about} />}
    </OfCase>
  );
}

function HappenedForm({ held, about }: { held: Followed; about: string | undefined }): VNode {
  const { member, say } = useApp();
  const able = events(held.facts["country"]);
  const [event, setEvent] = useState(able.find((one) => one === about) ?? able[0]!);
  const [on, setOn] = useState(held.today);
  const [words, setWords, sent] = useTyped(`event/${held.case}`, "");
  const [tried, setTried] = useState(false);
  const known = held
    .of("event")
    .filter(({ value }) => value["event"] === event)
    .pop();
  const act = async () => {
    setTried(true);
    if (!on) return null;
    const kept = await visits.happened(member, held.case, event, on, words);
    await sent();
    return kept;
  };
  return (
    <Entry record={held.case} act={act} button={say("app.save")}>
      <p>{say("visits.event_text")}</p>
      <Choices label={say("visits.event")} value={event} options={options(say, "event", able)} onChoose={setEvent} />
      {known && (
        <Notice live>
          <p>{say("visits.event_known", { day: date(say, known.on) })}</p>
        </Notice>
      )}
      <DateField
        label={say("visits.day")}
        value={on}
        onInput={setOn}
        max={held.today}
        error={tried && !on ? say("app.required") : null}
      />
      <TextArea label={say("visits.words")} hint={say("visits.words_hint")} value={words} onInput={setWords} />
    </Entry>
  );
}

export function ReviewLater({ record }: { record: string }): VNode {
  const { say } = useApp();
  return (
    <OfCase record={record} title={say("visits.step_extend")}>
      {(held) => <ReviewLaterForm held={held} />}
    </OfCase>
  );
}

function ReviewLaterForm({ held }: { held: Followed }): VNode {
  const { member, say, roles } = useApp();
  const due = held.reviewDue;
  const [until, setUntil] = useState("");
  const [words, setWords] = useState("");
  const [tried, setTried] = useState(false);
  const required = (value: string) => (tried && !value.trim() ? say("app.required") : null);
  const before = held.extensions.find((one) => one.until === due);
  if (before || held.closure || !roles.includes("supervisor")) {
    const why = before ? "extend_once" : held.closure ? "extend_closed" : "extend_supervisor";
    return (
      <Notice>
        <p>{say(`visits.${why}`, { day: date(say, due) })}</p>
      </Notice>
    );
  }
  const act = async () => {
    setTried(true);
    return until && words.trim() ? visits.extend(member, held.case, until, words) : null;
  };
  const most = plusDays(due, RULES.review.extension_days);
  return (
    <Entry record={held.case} act={act} button={say("visits.put_off")}>
      <p>{say("visits.extend_text", { day: date(say, due), most: date(say, most) })}</p>
      <DateField
        label={say("visits.until")}
        value={until}
        onInput={setUntil}
        min={plusDays(due, 1)}
        max={most}
        error={required(until)}
      />
      <TextArea
        label={say("visits.why")}
        hint={say("visits.words_hint")}
        value={words}
        onInput={setWords}
        error={required(words)}
      />
    </Entry>
  );
}
