// Transfers by the web client in Node, asked by the tests.
import * as bases from "../../web/src/client/basis.ts";
import * as cases from "../../web/src/client/cases.ts";
import * as checking from "../../web/src/client/checking.ts";
import * as cosigning from "../../web/src/client/cosigning.ts";
import * as families from "../../web/src/client/families.ts";
import * as findings from "../../web/src/client/findings.ts";
import * as gates from "../../web/src/client/gates.ts";
import * as handoffs from "../../web/src/client/handoffs.ts";
import { whoTakes } from "../../web/src/client/legs.ts";
import * as inquiries from "../../web/src/client/inquiries.ts";
import { intake } from "../../web/src/client/intake.ts";
import * as meetings from "../../web/src/client/meetings.ts";
import * as notices from "../../web/src/client/notices.ts";
import * as proof from "../../web/src/client/proof.ts";
import * as register from "../../web/src/client/register.ts";
import { HubError } from "../../web/src/client/session.ts";
import { timeline } from "../../web/src/client/timeline.ts";
import * as succession from "../../web/src/client/succession.ts";
import * as steps from "../../web/src/client/transfer_steps.ts";
import * as telling from "../../web/src/client/telling.ts";
import * as transfers from "../../web/src/client/transfers.ts";
import { bytes, serve } from "./answering.mjs";
import { memberAnswers, members } from "./web_members.mjs";

const of = (name) => members.get(name);
const found = ({ outcomes, tasks, permitted }) => ({ outcomes, tasks, permitted });

const filesOf = (files) => new Map(Object.entries(files).map(([name, data]) => [name, bytes(data)]));

const answers = {
  ...memberAnswers,
  open_case: async ({ name, record }) => (await transfers.openCase(of(name), record)).case,
  approve: ({ name, record, said }) => gates.approve(of(name), record, said),
  async offer({ name, basis, files = {}, ...out }) {
    const along = { basis: await bases.load(of(name), basis), attachments: filesOf(files) };
    return (await transfers.offer(of(name), { ...out, ...along })).cosign;
  },
  async offer_beside({ name, basis, others, ...out }) {
    const held = await bases.load(of(name), basis);
    const waits = await Promise.all(others.map((record) => cosigning.get(of(name), record)));
    return (await families.offerBeside(of(name), { ...out, basis: held }, waits)).cosign;
  },
  cosign: async ({ name, record }) => (await transfers.cosign(of(name), record)).state,
  waiting: async ({ name }) => (await cosigning.waiting(of(name))).map(({ record, type, second }) => ({ record, type, second })),
  accept: async ({ name, leg, ...how }) => (await transfers.accept(of(name), leg, how)).cosign,
  depart: async ({ name, leg, plan }) => (await transfers.depart(of(name), leg, plan)).state,
  arrive: async ({ name, leg, seen }) => (await steps.arrive(of(name), leg, seen)).state,
  release: async ({ name, leg }) => (await transfers.release(of(name), leg)).state,
  take: async ({ name, leg, day }) => (await transfers.take(of(name), leg, day)).state,
  step: async ({ name, leg, step, said }) => (await steps.take(of(name), leg, step, said)).state,
  answer: async ({ name, leg, sections, files = {} }) => (await steps.answer(of(name), leg, { sections, attachments: filesOf(files) })).state,
  tell: async ({ name, leg, sections }) => (await steps.tell(of(name), leg, { sections })).state,
  ask_more: async ({ name, leg, words }) => (await steps.askMore(of(name), leg, words)).state,
  change: async ({ name, leg, plan, words }) => (await steps.change(of(name), leg, plan, words)).state,
  acknowledge_change: async ({ name, leg }) => (await steps.acknowledgeChange(of(name), leg)).state,
  cosign_claim: async ({ name, leg }) => (await steps.cosign(of(name), leg)).state,
  halt: async ({ name, leg, words }) => Object.fromEntries(await steps.halt(of(name), leg, words)),
  async tick({ name, leg, items }) {
    const meeting = await transfers.openedRelease(of(name), leg);
    return (await meetings.tick(of(name), meeting, items)).record;
  },
  inquire: async ({ name, to, wanted, leg }) => (await inquiries.ask(of(name), to, wanted, "routine", leg)).state,
  async request_assessment({ name, basis, ...asked }) {
    const held = await bases.load(of(name), basis);
    return (await findings.requestAssessment(of(name), { ...asked, basis: held })).state;
  },
  return_assessment: async ({ name, leg, sections }) => (await findings.returnAssessment(of(name), leg, sections)).state,
  keep_assessment: async ({ name, leg }) => (await findings.keepAssessment(of(name), leg)).sections,
  intake: ({ name, ...arrival }) => intake(of(name), arrival),
  verify: async ({ name, leg, items }) => (await findings.verify(of(name), leg, items)).state,
  items: ({ name, leg }) => findings.itemsOf(of(name), leg),
  corrections: ({ name, leg }) => findings.corrections(of(name), leg),
  apply: ({ name, leg }) => findings.applyCorrections(of(name), leg),
  held: async ({ name, leg }) => (await transfers.heldByLeg(of(name), leg)).case,
  who_holds: ({ name, handoff }) => register.whoHolds(of(name), handoff),
  proof: ({ name, handoff }) => proof.make(of(name), handoff),
  check_proof: ({ name, value }) => proof.check(of(name), value),
  before: async ({ name, leg, step, plan }) => found(await checking.before(of(name), leg, step, plan)),
  before_offer: async ({ name, record, to, purpose, leg, plan }) =>
    found(await checking.beforeOffer(of(name), record, to, purpose, leg, plan)),
  async timeline({ name, legs }) {
    const shown = await Promise.all(legs.map((leg) => handoffs.show(of(name), leg)));
    const { entries, spans } = timeline(shown);
    return { steps: entries.map(({ step, by, at }) => [step, by, at]), spans };
  },
  succession_prepare: ({ name, proven, third, coordinator }) => succession.prepare(of(name), proven, third, coordinator),
  succession_sign: ({ name, told }) => succession.sign(of(name), told),
  succession_send: async ({ name, told }) => {
    const { id, state } = await succession.send(of(name), told);
    return { id, state, told: succession.read(told) };
  },
  untold: ({ name }) => telling.listing(of(name)),
  note_told: async ({ name, record, row }) => {
    await telling.note(of(name), await cases.load(of(name), record), row);
  },
  untold_of: async ({ name, record }) => telling.ofCase(of(name), await cases.load(of(name), record)),
  give_notice: async ({ name, to, said }) => (await notices.send(of(name), to, said)).id,
  case: async ({ name, leg }) => {
    const held = await cases.ofLeg(of(name), leg);
    return held && { record: held.record, sections: held.sections };
  },
  same_child: async ({ name, record }) => {
    const held = await cases.load(of(name), record);
    return (await register.sameChild(of(name), held)).map((one) => one.record);
  },
  who_takes: ({ side, state, step }) => {
    const agencies = { sender: ["a", "b", "a"], recipient: ["a", "b", "b"], both: ["a", "a", "a"] }[side];
    const [from, to, agency] = agencies;
    return whoTakes({ agency }, { from, to, state }, step);
  },
  gates: async () => [gates.GATES, gates.STEPS, gates.LIFTED_BY, (await gates.lifters()).sort()],
};

await serve(answers, HubError);
