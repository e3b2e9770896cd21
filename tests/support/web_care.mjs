// What is reckoned of a case in Node, beside Python: sections, visits, days, closing, handovers. Many questions at once.
import { readSignal } from "../../web/src/client/careforms.ts";
import { special, WINDOWS } from "../../web/src/client/clocks.ts";
import { Calendar, dueAfter, plusMonths } from "../../web/src/client/days.ts";
import * as deadlines from "../../web/src/client/deadlines.ts";
import * as handover from "../../web/src/client/handover.ts";
import { checkApart } from "../../web/src/client/kin.ts";
import { progress, readMark, refusal } from "../../web/src/client/programme_progress.ts";
import { readTemplate, SHIPPED } from "../../web/src/client/programme_template.ts";
import { cardOf } from "../../web/src/client/safety_card.ts";
import * as schedule from "../../web/src/client/schedule.ts";
import * as sections from "../../web/src/client/sections.ts";
import { HubError } from "../../web/src/client/session.ts";
import * as a from "../../web/src/rcp/shapes.ts";
import { PacketError } from "../../web/src/rcp/errors.ts";
import { serve } from "./answering.mjs";

/** What a question comes to: its answer, or the code with which it is refused. */
function tried(answer) {
  try {
    return answer() ?? null;
  } catch (error) {
    if (!(error instanceof HubError || error instanceof PacketError)) throw error;
    return { refused: error.code, ...(error.facts?.fields ? { fields: error.facts.fields } : {}) };
  }
}

const all = (one) => ({ rows }) => rows.map((row) => tried(() => one(row)));

const rowOf = ({ id, state, waitsFor, lacks, sections, due, late, mark, parts }) => ({
  ...{ id, state, waits_for: waitsFor, lacks, sections, due, late },
  mark: mark && [mark.at, mark.said, mark.on, mark.evidence],
  parts: parts.map(rowOf),
});
const planOf = ({ set, ...plan }) => ({ ...plan, benchmarks: schedule.readSet("tried", set) });

await serve(
  {
    windows: () => WINDOWS,
    special: all(({ name, event, now }) => special(name, event, now)),
    check: all(({ name, document }) => sections.check(name, document).map(({ pointer, code }) => [pointer, code]).sort()),
    changed: all(({ name, kept, change }) => sections.changed(name, kept, change)),
    complete: all(({ held, child, phase, only }) => {
      const { score, sections: scores, gaps, newer } = sections.completeness(held, { child, phase }, only ?? undefined);
      return { score, scores, gaps: gaps.map(({ section, pointer, key, weight }) => [section, pointer, key, weight]), newer };
    }),
    asked: all(({ held, child, phase }) => {
      const asked = sections.asked({ child, phase }).map(({ id }) => id);
      return { child: sections.childOf(held), asked, answers: sections.answers(held) };
    }),
    set: all(({ set }) => Object.keys(schedule.readSet("tried", set).streams)),
    due: all(({ plan, visits, today, until }) => {
      const made = planOf(plan);
      return {
        next: schedule.nextContacts(made, visits, today),
        calendar: made.ends ? null : schedule.calendar(made, visits, today, until),
        share: schedule.share(made, visits, today),
        unseen: schedule.missingFaceToFace(made, visits, today),
        risk: schedule.riskOf(made),
      };
    }),
    review: all(({ begins, reviews, extensions, until }) => {
      const due = deadlines.reviewDue(begins, reviews, extensions);
      return { due, extended: tried(() => deadlines.extend(due, until, extensions)), target: deadlines.target(begins), turning: deadlines.turning(begins) };
    }),
    terms: all(({ country, since }) => deadlines.terms(country, new Map(Object.entries(since)))),
    tables: () => ({ events: deadlines.events("IN"), reasons: deadlines.REASONS, parts: deadlines.PARTS, needs: deadlines.NEEDS }),
    closing: all(({ said, known }) => deadlines.toClosing(said, known)),
    archiving: all(({ closed, reason, visits, today }) => deadlines.toArchiving(closed, reason, visits, today)),
    kept: all(({ closed, born, retention }) => deadlines.keptUntil(closed, born, retention ?? undefined)),
    meeting: all((document) => a.isOf(handover.FORM, document)),
    merge: all(({ mine, theirs }) => {
      const merged = handover.merge(mine, theirs);
      return { ...merged, missing: handover.missing(merged.document), ours: handover.missing(mine, mine.side) };
    }),
    tick: all(({ document, items, by, at, reason }) => handover.tick(document, items, by, at, reason)),
    number: all((text) => handover.formNumber(text)),
    signal: all((text) => readSignal(text)),
    apart: all((outs) => checkApart(outs.map(({ pseudonym, ...out }) => ({ ...out, basis: { consent: { subject: { pseudonym } }, handoff: "" } })))),
    shipped: () => SHIPPED.map(({ name, hash }) => [name, hash]),
    template: all((document) => readTemplate(document).hash),
    progress: all(({ document, marks, today }) => {
      const [template, said] = [readTemplate(document), marks.map(readMark)];
      const { started, steps, facts } = progress(template, said, today);
      const refused = said.length ? refusal(template, said.slice(1), said[0], today) : null;
      return { started, steps: steps.map(rowOf), facts: facts.map(rowOf), refused: refused && rowOf(refused) };
    }),
    card: all(({ plan, hidden }) => cardOf(plan, hidden)),
    months: all(({ day, months }) => plusMonths(day, months)),
    ends: all(({ zone, day }) => new Calendar(zone).endOf(day)),
    term: all(({ zone, since, ...length }) => dueAfter(new Calendar(zone), since, length)),
    local: all(({ zone, at }) => new Calendar(zone).day(at)),
  },
  HubError,
);
