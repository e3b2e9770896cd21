// Case files, visits, dates, handovers and closing in Node, asked by the tests.
import * as aftercare from "../../web/src/client/aftercare.ts";
import * as cases from "../../web/src/client/cases.ts";
import * as closing from "../../web/src/client/closing.ts";
import * as groups from "../../web/src/client/groups.ts";
import * as handoffs from "../../web/src/client/handoffs.ts";
import * as meetings from "../../web/src/client/meetings.ts";
import * as programmes from "../../web/src/client/programmes.ts";
import * as records from "../../web/src/client/records.ts";
import { percent } from "../../web/src/client/schedule.ts";
import { HubError } from "../../web/src/client/session.ts";
import * as timers from "../../web/src/client/timers.ts";
import * as visits from "../../web/src/client/visits.ts";
import { bytes, serve, text } from "./answering.mjs";
import { memberAnswers, members } from "./web_members.mjs";

const caseOf = ({ record, case: register, sections, legs, reference }) => ({ record, case: register, sections, legs, reference });
const followedOf = (held) => ({
  ...{ risk: held.risk, facts: held.facts, review: held.reviewDue, percent: percent(held.share), unseen: held.unseenSince },
  due: aftercare.due(held).map(({ what, day, overdue }) => [what, day, overdue]),
  closed: held.closure?.record ?? null,
  archived: held.archived?.record ?? null,
});
const trackerOf = (member, of) => ({
  ...{ id: of.id, case: of.case, template: of.template.name, unproven: Object.fromEntries(of.unproven) },
  steps: Object.fromEntries(programmes.standing(of, member.now()).steps.map(({ id, state }) => [id, state])),
});
const meetingOf = (meeting) => ({ record: meeting.record, side: meeting.side, document: meeting.document, differences: meeting.merged.differences });
const opened = async (member, { record, why }) => cases.load(member, record, why);
const meetingNamed = async (member, { record }) => meetings.load(member, record);

const asked = {
  begin: async (member, { sections }) => caseOf(await cases.begin(member, sections)),
  load: async (member, given) => caseOf(await opened(member, given)),
  cases: async (member) => (await cases.listing(member)).map(({ record }) => record),
  update: async (member, { section, change, ...given }) => caseOf(await cases.update(member, await opened(member, given), section, change)),
  // Two desks had the file open before either wrote.
  async both_update(member, { first, second, ...given }) {
    const held = await opened(member, given);
    await cases.update(member, held, ...first);
    return caseOf(await cases.update(member, held, ...second));
  },
  answer: async (member, { id, words, ...given }) => caseOf(await cases.answer(member, await opened(member, given), id, words)),
  link: async (member, { case: register, leg, ...given }) => caseOf(await cases.link(member, await opened(member, given), { case: register, leg })),
  receive: async (member, { leg, came }) => caseOf(await cases.receive(member, leg, came)),
  attach: async (member, { called, data, facts, ...given }) => caseOf(await cases.attach(member, await opened(member, given), { name: called, data: bytes(data) }, facts)),
  async papers(member, given) {
    const found = await cases.papers(member, await opened(member, given));
    return Object.fromEntries([...found].map(([name, data]) => [name, text(data)]));
  },
  versions: async (member, { record }) => (await records.versions(member, record)).map(({ by }) => by.member),
  set_timer: (member, { about, due, ...how }) => timers.setTimer(member, about, due, how),
  timers: (member, { which }) => timers.listing(member, which),
  timer: (member, { timer }) => timers.read(member, timer),
  move: (member, { timer, due, note }) => timers.move(member, timer, due, note),
  done: (member, { timer, note }) => timers.done(member, timer, note),
  acknowledge: (member, { timer }) => timers.acknowledge(member, timer),
  waiting: (member, { escalated }) => timers.waiting(member, escalated),
  put_retention: (member, { years, grown, country }) => closing.putRetention(member, years, grown, country),
  terms: (member) => closing.terms(member),
  kept: async (member) => (await closing.kept(member)).map(({ held, until, hold }) => [held.case, until, hold]),
  follow: async (member, { record, begins, risk, benchmark, facts }) => followedOf(await aftercare.follow(member, record, begins, risk, benchmark, facts)),
  followed: async (member, { record }) => followedOf(await aftercare.read(member, record)),
  all_followed: async (member) => (await aftercare.followed(member)).map((held) => held.case),
  planned: async (member, given) => aftercare.planned((await opened(member, given)).sections),
  assess: async (member, { record, risk, words }) => followedOf(await aftercare.assess(member, record, risk, words)),
  visit: async (member, { record, happened, said }) => (await visits.visit(member, record, happened, said)).record,
  signal: async (member, { text: words, happened }) => (await visits.signal(member, words, happened)).record,
  excuse: async (member, { record, stream, until, words }) => (await visits.excuse(member, record, stream, until, words)).record,
  review: async (member, { record, on, present, changed }) => (await visits.review(member, record, on, present, { changed })).record,
  extend: async (member, { record, until, words }) => (await visits.extend(member, record, until, words)).record,
  chase: async (member, { record }) => (await visits.chase(member, await aftercare.read(member, record))).length,
  report: (member, { record, since, words }) => visits.progressReport(member, record, since, words),
  async said(member, { record }) {
    const row = (await aftercare.rows(member)).find((one) => one.record === record);
    return aftercare.said(member, row);
  },
  async hindrances(member, { record, proposal }) {
    try {
      await closing.recommend(member, record, proposal);
      return [];
    } catch (error) {
      return closing.hindrancesIn(error);
    }
  },
  recommend: async (member, { record, proposal }) => (await closing.recommend(member, record, proposal)).record,
  authorise: async (member, { record }) => (await closing.authorise(member, record)).record,
  archive: async (member, { record }) => (await closing.archive(member, record)).record,
  reopen: async (member, { record, words, risk }) => followedOf(await closing.reopen(member, record, words, risk)),
  kept_until: async (member, { record }) => closing.keptUntil(member, await aftercare.read(member, record)),
  hold: async (member, { record, words }) => (await closing.hold(member, record, words)).record,
  destroy: (member, { record }) => closing.destroy(member, record),
  begin_meeting: async (member, { side, facts, of }) => meetingOf(await meetings.begin(member, side, facts, of)),
  receive_meeting: async (member, { document, of }) => meetingOf(await meetings.receive(member, document, of)),
  meeting: async (member, given) => meetingOf(await meetingNamed(member, given)),
  tick: async (member, { items, reason, ...given }) => meetingOf(await meetings.tick(member, await meetingNamed(member, given), items, reason)),
  say_facts: async (member, { facts, ...given }) => meetingOf(await meetings.change(member, await meetingNamed(member, given), facts)),
  async scan(member, { form, typed, source, pages, ...given }) {
    const meeting = await meetingNamed(member, given);
    await meetings.addForm(member, meeting, "meeting", "en", form);
    const kept = await meetings.scan(member, typed, bytes(source), new Map(Object.entries(pages).map(([name, data]) => [name, bytes(data)])));
    return kept.scan;
  },
  async pages(member, given) {
    const found = await meetings.pages(member, await meetingNamed(member, given));
    return Object.fromEntries([...found].map(([name, data]) => [name, text(data)]));
  },
  follow_programme: async (member, { programme, on, ...given }) => trackerOf(member, await programmes.start(member, await opened(member, given), programme, on)),
  async mark_step(member, { step, how, ...given }) {
    const held = await opened(member, given);
    const [of] = await programmes.listing(member, held.record);
    return trackerOf(member, await programmes.mark(member, held, of, step, how ?? {}));
  },
  programmes: async (member, { record }) => (await programmes.listing(member, record)).map((of) => trackerOf(member, of)),
  async programme_into_plan(member, given) {
    const [of] = await programmes.listing(member, given.record);
    return caseOf(await programmes.intoPlan(member, await opened(member, given), of));
  },
  async programme_out_of_plan(member, given) {
    const held = await opened(member, given);
    return trackerOf(member, await programmes.take(member, held, programmes.outOf(held)));
  },
  tie: (member, { how, handoffs: rows }) => groups.tie(member, how, rows),
  groups: (member, { handoff }) => groups.of(member, handoff),
  shown: async (member, { handoff }) => (await handoffs.show(member, handoff)).state,
};
const answers = Object.fromEntries(Object.entries(asked).map(([name, answer]) => [name, (given) => answer(members.get(given.name), given)]));

await serve({ ...memberAnswers, ...answers }, HubError);
