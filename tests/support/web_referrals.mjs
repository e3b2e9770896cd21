// Referrals in Node: sent, answered, matched and ended, asked by the tests.
import * as bases from "../../web/src/client/basis.ts";
import { openAndReport } from "../../web/src/client/breach.ts";
import * as counts from "../../web/src/client/counts.ts";
import * as groups from "../../web/src/client/groups.ts";
import * as inquiries from "../../web/src/client/inquiries.ts";
import { issue, standing } from "../../web/src/client/issuing.ts";
import * as outcomes from "../../web/src/client/outcomes.ts";
import { factsOf } from "../../web/src/client/person.ts";
import * as proxies from "../../web/src/client/proxies.ts";
import * as queues from "../../web/src/client/queues.ts";
import * as reasons from "../../web/src/client/reasons.ts";
import * as referrals from "../../web/src/client/referrals.ts";
import * as routing from "../../web/src/client/routing.ts";
import * as sending from "../../web/src/client/sending.ts";
import { fannedOut, sentCopy } from "../../web/src/client/sent.ts";
import * as services from "../../web/src/client/services.ts";
import { HubError } from "../../web/src/client/session.ts";
import { rolesFor } from "../../web/src/client/steps.ts";
import * as tasks from "../../web/src/client/tasks.ts";
import { show } from "../../web/src/client/handoffs.ts";
import * as drafts from "../../web/src/app/screens/compose/draft.ts";
import { keysOf, proofOf } from "../../web/src/link/secret.ts";
import { bytes, serve } from "./answering.mjs";
import { memberAnswers, members } from "./web_members.mjs";

const filesOf = (files = {}) => new Map(Object.entries(files).map(([name, data]) => [name, bytes(data)]));
const shelves = new Map();

/** Where a device keeps things, here in this process: `restart` begins with what is kept and nothing in memory. */
function shelfOf(name) {
  const kept = shelves.get(name) ?? new Map();
  shelves.set(name, kept);
  return { load: async (key) => JSON.parse(kept.get(key) ?? "null"), save: async (key, value) => void kept.set(key, JSON.stringify(value)) };
}

async function outOf(member, { basis, attachments, exception, service_id, person, area, need, ...given }) {
  const held = await bases.load(member, basis);
  const chosen = service_id ? await services.choose(member, service_id, person, { need, where: area ? { area } : {} }) : null;
  const named = chosen ? ["to", "inbox", "service", "person", "listing", "about", "routing"] : [];
  const target = Object.fromEntries(named.map((key) => [key, chosen[key]]));
  const made = exception ? await inquiries.exception(member, exception) : null;
  return { ...given, ...target, area, basis: held, attachments: filesOf(attachments), exception: made };
}

const outsOf = async (member, outs) => {
  const made = [];
  for (const out of outs) made.push(await outOf(member, out));
  return made;
};
const wentOf = (rows) => rows.map(({ handoff, refused }) => [handoff, refused?.code ?? null]);

const devices = new Map();

/** What a browser of its own keeps, here in memory. */
function deviceOf(name) {
  const kept = devices.get(name) ?? new Map();
  devices.set(name, kept);
  return {
    get: async (group, key) => kept.get(`${group} ${key}`) ?? null,
    put: async (group, key, value) => void kept.set(`${group} ${key}`, value),
    delete: async (group, key) => void kept.delete(`${group} ${key}`),
  };
}

const rankedOf = ({ listing, rank }) => [listing.id, rank];
const openedOf = ({ sections, attachments, quarantined }) => ({ sections, attachments: [...attachments.keys()], held: Object.keys(quarantined) });

const answers = {
  ...memberAnswers,
  shelve: ({ name }) => void (members.get(name).shelf = shelfOf(name)),
  shelved: ({ name }) => Object.fromEntries([...(shelves.get(name) ?? [])].map(([key, value]) => [key, JSON.parse(value)])),
  async send({ name, out, handoff }) {
    const member = members.get(name);
    const stages = [];
    const sent = await sending.send(member, await outOf(member, out), handoff, (stage) => stages.push(stage));
    return { handoff: sent.handoff, state: sent.shown?.state ?? null, cosign: sent.cosign, removed: sent.removed, stages };
  },
  several: async ({ name, outs }) => {
    const member = members.get(name);
    return wentOf(await groups.sendToSeveral(member, await outsOf(member, outs)));
  },
  household: async ({ name, outs }) => {
    const member = members.get(name);
    return wentOf(await groups.sendHousehold(member, await outsOf(member, outs)));
  },
  async draft({ name, device, given }) {
    const kept = await drafts.keepAsRecord(members.get(name), drafts.begun(given));
    await drafts.keepOnDevice(deviceOf(device), kept);
    return kept;
  },
  over: ({ name, device, draft }) => drafts.isOver(members.get(name), deviceOf(device), draft),
  async begun({ name, device }) {
    const { kept, drafts: others } = await drafts.begunBefore(members.get(name), deviceOf(device));
    return [kept, others.map(({ draft }) => draft)];
  },
  type_on: ({ device, draft }) => drafts.keepOnDevice(deviceOf(device), draft),
  late_key: ({ device, draft }) => deviceOf(device).put("draft", "compose", draft),
  rest_of: ({ draft, left, gone }) => drafts.restOf(draft, left, gone),
  async end_draft({ name, device, draft, rest = null, unwritten = false }) {
    await drafts.endOnDevice(deviceOf(device), draft, rest);
    if (unwritten) return;
    await drafts.endRecord(members.get(name), draft, rest);
  },
  rest: async ({ name, gone, outs }) => {
    const member = members.get(name);
    return wentOf(await groups.sendRest(member, gone, await outsOf(member, outs)));
  },
  follow: async ({ name, handoff, out }) => {
    const member = members.get(name);
    return (await groups.follow(member, handoff, await outOf(member, out))).handoff;
  },
  choose_one: async ({ name, handoff }) => Object.fromEntries(await groups.choose(members.get(name), handoff)),
  groups: ({ name, handoff }) => groups.of(members.get(name), handoff),
  answer: async ({ name, handoff, sections, attachments }) =>
    (await sending.answer(members.get(name), handoff, sections, filesOf(attachments))).state,
  async link({ name, handoff, to, spoken = true, until = null, origin }) {
    const member = members.get(name);
    const issued = await issue(member, to, { spoken, until, origin });
    if (handoff) await sending.relink(member, handoff, issued.link);
    const secret = new URL(issued.url).hash.slice(1);
    const keys = keysOf(issued.link.id, bytes(secret.replace(/-/g, "+").replace(/_/g, "/")));
    return { url: issued.url, code: issued.code, link: issued.link, proof: issued.code && proofOf(keys, issued.code) };
  },
  standing: async ({ name, handoff }) => standing(await show(members.get(name), handoff), members.get(name).now()),
  unlink: async ({ name, handoff }) => (await referrals.unlink(members.get(name), handoff)).state,
  take: async ({ name, handoff, step, said }) => (await referrals.take(members.get(name), handoff, step, said)).state,
  pause_clock: async ({ name, handoff, due, reason }) => (await referrals.pauseClock(members.get(name), handoff, due, reason)).due,
  urgency: async ({ name, handoff, urgency }) => (await referrals.changeUrgency(members.get(name), handoff, urgency)).urgency,
  report: async ({ name, handoff, said }) => (await proxies.report(members.get(name), handoff, said)).grade,
  open_all: async ({ name, handoff, why }) => (await openAndReport(members.get(name), handoff, { why })).map(openedOf),
  copy: ({ name, handoff }) => sentCopy(members.get(name), handoff),
  fanned: ({ name }) => fannedOut(members.get(name)),
  roles_for: ({ me, from, to, state, step, reported }) =>
    rolesFor({ agency: me }, { from, to, state }, step, reported),
  rows: ({ name, desk, queue, choice = {} }) => queues.rows(members.get(name), desk, queue, choice),
  counts: ({ name, desk }) => queues.counts(members.get(name), desk),
  ball: ({ row, agency }) => [queues.ballOf(row, agency), queues.dueOf(row)],
  ask: async ({ name, to, about, urgency }) => (await inquiries.ask(members.get(name), to, about, urgency)).id,
  answer_inquiry: async ({ name, handoff, given }) => (await inquiries.answer(members.get(name), handoff, given)).state,
  async inquiry({ name, handoff }) {
    const { question, answer } = await inquiries.read(members.get(name), handoff);
    return { question, answer };
  },
  facts: ({ said, today }) => factsOf(said, today),
  async find({ name, need, where, person, when }) {
    const { fitting, nearMisses } = await services.find(members.get(name), { need, where, person, when });
    return { fitting: fitting.map(rankedOf), near: nearMisses.map(rankedOf), why: fitting.slice(0, 1).map((row) => services.why(row)) };
  },
  async choose({ name, service, person, need, where }) {
    const { ranked, ...chosen } = await services.choose(members.get(name), service, person, { need, where });
    return chosen;
  },
  request: ({ value }) => routing.read(value),
  words: ({ words }) => reasons.checkWords(words) ?? true,
  coded: ({ said }) => [reasons.reason(said), reasons.barriers(said), reasons.redirect(said)],
  end: async ({ name, handoff, how, given, why }) => (await outcomes[how](members.get(name), handoff, given, why)).state,
  note_unmet: ({ name, value }) => outcomes.noteUnmet(members.get(name), value),
  count_facts: ({ name, month }) => counts.facts(members.get(name), month),
  async publish_counts({ name, month, but, rows }) {
    const member = members.get(name);
    await counts.publish(member, month, rows ?? (await counts.counted(member, month)).rows, but);
  },
  tasks: ({ name, done }) => tasks.listing(members.get(name), done),
  async note_rest({ name, handoff }) {
    const member = members.get(name);
    return tasks.noteRest(member, handoff, await openAndReport(member, handoff));
  },
  async finish({ name, about, found }) {
    const member = members.get(name);
    const task = (await tasks.listing(member)).find((one) => one.about === about);
    await tasks.finish(member, task, found);
  },
};

await serve(answers, HubError);
