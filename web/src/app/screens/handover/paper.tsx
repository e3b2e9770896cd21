/**
 * The papers of a handover as they are printed, each with its number, so that it is known when it comes back signed: the
 * record, the agreement of the family, the plan as the family may have it, and those of `more_papers.tsx`. What a family is
 * not told stands on none (R14).
 */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { familyCopy, READERS, type Reader } from "../../../consent/familycopy.ts";
import { isObject, type Json, type JsonObject } from "../../../rcp/encoding.ts";
import { FACTS, FORMS, newForm, SECTION, SIDES, UNSIGNED, WITNESSES, type Document } from "../../../client/handover.ts";
import { isMark } from "../../../client/careforms.ts";
import { addForm } from "../../../client/meetings.ts";
import { hiddenIn } from "../../../client/safety_card.ts";
import { useApp } from "../../core/app.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { date } from "../../core/time.ts";
import { Button, Choices, TextField } from "../../kit/controls.tsx";
import { Notice, Page } from "../../kit/showing.tsx";
import { Value } from "../cases/section_view.tsx";
import { DEFINITIONS, factLabels, SCHEMAS, wordsOf } from "./facts.ts";
import { Heads } from "./heads.tsx";
import type { MeetingProps } from "./meeting.tsx";
import { ObserverSheet, observerTitle, Receipt, SafetyCard } from "./more_papers.tsx";
import { PlanPaper } from "./plan_paper.tsx";
import { SignHere } from "./sign_here.tsx";

type Printed = (typeof FORMS)[number];
/** Papers that are carried about: on them stands nothing that tells of a handover, so a list has to say what they are. */
const NAMELESS: readonly Printed[] = ["observer", "card"];
const EMPTY = "\u2026".repeat(12);
const [DONE, OPEN] = ["\u2612", "\u2610"];

export function MeetingOnPaper({ meeting, put, plan, safety, leg, phone }: MeetingProps): VNode {
  const { member, say, lang } = useApp();
  const [kind, setKind] = useState<Printed>("meeting");
  const [number, setNumber] = useState<string | null>(null);
  const [mark, setMark] = useState("");
  const [reader, setReader] = useState<Reader>("family");
  const words = wordsOf(lang);
  const marked = mark.trim().toUpperCase();
  const wrongMark = kind === "observer" && marked !== "" && !isMark(marked);
  const print = useAction(async () => {
    if (wrongMark) return;
    if (!UNSIGNED.includes(kind)) {
      const made = newForm();
      put(await addForm(member, meeting, kind, lang, made));
      setNumber(made);
    }
    setTimeout(() => globalThis.print(), 100);
  });
  const paperName = (one: Printed): string =>
    NAMELESS.includes(one) ? say(`handover.paper_${one}`) : (words.forms[one] ?? one);
  const choose = (chosen: string) => {
    setKind(chosen as Printed);
    setNumber(null);
  };
  return (
    <Page
      title={kind === "observer" ? observerTitle(lang) : (words.forms[kind] ?? "")}
      back={`handover/${meeting.record}`}
    >
      <div class="no-print">
        {!NAMELESS.includes(kind) && (
          <Notice kind="warn">
            <p>{say("handover.paper_warning")}</p>
          </Notice>
        )}
        <Choices
          label={say("handover.which_paper")}
          value={kind}
          options={FORMS.filter((one) => one !== "receipt" || leg).map((one) => [one, paperName(one)])}
          onChoose={choose}
        />
        {kind === "plan" && (
          <Choices
            label={say("handover.whose_plan")}
            value={reader}
            options={READERS.map((one) => [one, say(`handover.for_${one}`)])}
            onChoose={(one) => setReader(one as Reader)}
          />
        )}
        {kind === "observer" && (
          <TextField
            label={say("handover.mark")}
            hint={say("handover.mark_hint")}
            code
            optional
            value={mark}
            onInput={setMark}
            error={wrongMark ? say("handover.mark_wrong") : null}
          />
        )}
        <p class="row">
          <Button kind="main" busy={print.busy} onClick={print.run}>
            {say("app.print")}
          </Button>
        </p>
        {print.error ? <Problem error={print.error} /> : null}
      </div>
      {number && (
        <p>
          {words.labels["number"]}: <strong class="digits">{number}</strong>.{" "}
          {kind !== "observer" && words.labels["keep"]}
        </p>
      )}
      {kind === "meeting" && <Record document={forFamily(meeting.document)} />}
      {kind === "willingness" && <Willingness document={forFamily(meeting.document)} />}
      {kind === "plan" && <PlanPaper plan={plan ?? {}} reader={reader} phone={phone} />}
      {kind === "receipt" && leg && <Receipt leg={leg} />}
      {kind === "observer" && <ObserverSheet mark={wrongMark ? "" : marked} />}
      {kind === "card" && <SafetyCard plan={safety ?? {}} hidden={hiddenIn(plan, member.agency)} />}
    </Page>
  );
}

/** What of the document may stand on a paper that the family signs and keeps; a reason may tell too much. */
function forFamily(document: Document): Document {
  const { kept } = familyCopy({ [SECTION]: document as unknown as JsonObject }, "family");
  return { checklist: [], ...(kept[SECTION] as JsonObject | undefined) } as unknown as Document;
}

function Record({ document }: { document: Document }): VNode {
  const { say, lang } = useApp();
  const words = wordsOf(lang);
  const label = (name: string) => words.labels[name] ?? name;
  const of = { name: "handover", labels: factLabels(say, lang), say, definitions: DEFINITIONS };
  return (
    <>
      <h2>{label("checklist")}</h2>
      <table>
        <Heads of={[label("item"), ...SIDES.map((side) => words.sides[side]!)]} />
        <tbody>
          {document.checklist.map((row) => (
            <tr key={row.item}>
              <td data-title={label("item")}>{words.items[row.item] ?? row.item}</td>
              {SIDES.map((side) => (
                <td data-title={words.sides[side]} key={side}>
                  {row[side] ? (row[side].reason ?? DONE) : OPEN}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {FACTS.map((fact) => (
        <section key={fact}>
          <h2>{words.facts[fact]}</h2>
          {(document[fact] ?? null) === null ? (
            <p>{EMPTY}</p>
          ) : (
            <div class="section-view">
              <Value of={of} value={document[fact] as Json} schema={SCHEMAS[fact]!} />
            </div>
          )}
        </section>
      ))}
      {["sender", "receiver", "family", "official"].map((who) => (
        <SignHere key={who}>{label(who)}</SignHere>
      ))}
    </>
  );
}

/** On this paper a family says that the child is welcome: signature, mark or two witnesses (F2, R28). */
function Willingness({ document }: { document: Document }): VNode {
  const { say, lang } = useApp();
  const { labels, hows } = wordsOf(lang);
  const family = isObject(document["family"]) ? document["family"] : {};
  const said = (name: string) => (typeof family[name] === "string" ? String(family[name]) : EMPTY);
  const told = typeof family["on"] === "string" ? date(say, family["on"]) : EMPTY;
  const known = Array.isArray(family["witnesses"]) ? family["witnesses"].filter(isObject) : [];
  const witnesses = [...known, {}, {}].slice(0, Math.max(2, known.length)) as JsonObject[];
  return (
    <>
      {(labels["family_says"] as unknown as readonly string[]).map((paragraph) => (
        <p key={paragraph}>{paragraph}</p>
      ))}
      <ul class="plain-list">
        <li>
          {labels["language"]}: <bdi>{said("language")}</bdi>
        </li>
        <li>
          {labels["interpreter"]}: {EMPTY}
        </li>
        <li>
          {labels["explained_by"]}: {EMPTY}
        </li>
        <li>
          {labels["date"]}: {told}
        </li>
        <li>
          {family["read"] === true ? DONE : OPEN} {labels["read_aloud"]}
        </li>
        {Object.keys(WITNESSES).map((how) => (
          <li key={how}>
            {family["how"] === how ? DONE : OPEN} {hows[how]}
          </li>
        ))}
      </ul>
      <SignHere>
        {labels["name"]}, {labels["relationship"]}
      </SignHere>
      <SignHere>
        {labels["name"]}, {labels["relationship"]}
      </SignHere>
      <p>{labels["no_signature"]}</p>
      {witnesses.map((one, index) => (
        <SignHere key={index}>
          {labels["witness"]} <bdi>{String(one["name"] ?? "")}</bdi>
        </SignHere>
      ))}
    </>
  );
}
