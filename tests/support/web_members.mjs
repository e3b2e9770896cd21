// Members in Node: what every test of the web client can ask of them. `members` are by the name that a test gave them.
import * as handoffs from "../../web/src/client/handoffs.ts";
import { Member } from "../../web/src/client/member.ts";
import * as records from "../../web/src/client/records.ts";
import { HubSession } from "../../web/src/client/session.ts";
import { ready } from "../../web/src/client/sodium.ts";
import { bytes, text } from "./answering.mjs";
import { phoneLine, takePhone, typing } from "./web_phone.mjs";

await ready();

// What the network does to requests whose path begins so, after so many: it breaks so many times, or somebody else answers.
let faults = [];
let requests = [];
const waits = [];
const network = globalThis.fetch;
export const around = {
  async fetch(url, init) {
    const path = new URL(url).pathname;
    requests.push([init.method, path]);
    const fault = faults.find((one) => path.startsWith(one.path) && one.times !== 0 && !(one.after-- > 0));
    if (fault) fault.times = (fault.times ?? -1) - 1;
    if (fault?.lost) await network(url, init);
    if (fault?.lost || fault?.broken) throw new TypeError("fetch failed");
    if (fault) return new Response(fault.body, { status: fault.status ?? 200 });
    return network(url, init);
  },
  wait: async (seconds) => waits.push(seconds),
};
export const members = new Map();
const lineOf = ({ hash, statement, position, state, refused, standing }) => ({ hash, type: statement.type, position, state, refused, standing });
const shownOf = (shown) => ({
  ...{ id: shown.id, from: shown.from, to: shown.to, state: shown.state, heads: shown.heads, frozen: shown.frozen },
  lines: shown.lines.map(lineOf),
  packets: shown.packets.map(({ hash }) => hash),
});
const packetOf = ({ hash, author, sections, attachments }) => ({
  ...{ hash, author, sections: Object.fromEntries(sections) },
  attachments: Object.fromEntries([...attachments].map(([name, data]) => [name, text(data)])),
});
const recordOf = ({ attachments, ...record }) => ({ ...record, attachments: [...attachments.keys()] });

export const memberAnswers = {
  async sign_in({ name, url, login, passphrase, device, now, seen = 0 }) {
    const kept = { device: bytes(device), seen, accepted: new Map() };
    const member = await Member.signIn(new HubSession(url, around), login, passphrase, kept, () => now);
    members.set(name, member);
    return { agency: member.agency, member: member.id, roles: await member.roles(), seen: kept.seen };
  },
  unlock({ name, url, passphrase, now, phone = false }) {
    const { known, kept } = members.get(name);
    const line = phone ? phoneLine(around) : around;
    const member = Member.unlock(new HubSession(url, line), known, passphrase, kept, () => now);
    if (phone) takePhone(name, member, line);
    members.set(name, member);
  },
  sign_out: ({ name }) => members.get(name).signOut(),
  faults({ rows }) {
    faults = rows;
    requests = [];
  },
  requests: () => requests,
  waits: () => waits,
  forget: ({ name }) => members.get(name).trust.forget(),
  agency: async ({ name, agency, digits }) => (await members.get(name).trust.agency(agency, { digits })).how,
  type: typing.type,
  typed: typing.typed,
  erase: async ({ name, handoff }) => typing.forget_all({ name }, await handoffs.show(members.get(name), handoff)),
  show: async ({ name, handoff }) => shownOf(await handoffs.show(members.get(name), handoff)),
  async show_all({ name, rows }) {
    const found = await Promise.all(rows.map((handoff) => handoffs.show(members.get(name), handoff)));
    return found.map(({ id }) => id);
  },
  async open({ name, handoff, packet }) {
    const member = members.get(name);
    const shown = await handoffs.show(member, handoff);
    return packetOf(await handoffs.open(member, shown, packet ? shown.packet(packet) : shown.newestPacket()));
  },
  async say({ name, handoff, type, body, words }) {
    const member = members.get(name);
    const shown = await handoffs.show(member, handoff);
    const part = words ? await handoffs.sealReply(member, shown, words) : null;
    return (await handoffs.say(member, shown, type, body, { part })).state;
  },
  put: ({ name, kind, value, attachments = {}, ...how }) => {
    const files = new Map(Object.entries(attachments).map(([name, data]) => [name, bytes(data)]));
    return records.put(members.get(name), kind, value, { ...how, attachments: files });
  },
  get: async ({ name, handoff, kind }) => recordOf(await records.get(members.get(name), handoff, kind)),
  list: async ({ name, kinds, since }) => (await records.listing(members.get(name), kinds, since)).map(({ handoff }) => handoff),
  keep: ({ name }) => members.get(name).keep(),
};
