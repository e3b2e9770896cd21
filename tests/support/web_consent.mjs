// Consents in Node: the rules, the records and what a desk does with them, asked by the tests.
import { BasisError, check } from "../../web/src/consent/basis.ts";
import { decide } from "../../web/src/consent/decide.ts";
import { familyCopy } from "../../web/src/consent/familycopy.ts";
import { protectLocation } from "../../web/src/consent/protect.ts";
import * as record from "../../web/src/consent/record.ts";
import { newToken, parseToken } from "../../web/src/consent/token.ts";
import { spoken } from "../../web/src/consent/words.ts";
import * as access from "../../web/src/client/access.ts";
import * as bases from "../../web/src/client/basis.ts";
import { openAndReport } from "../../web/src/client/breach.ts";
import * as disagreements from "../../web/src/client/disagreements.ts";
import * as freezing from "../../web/src/client/freezing.ts";
import { HubError } from "../../web/src/client/session.ts";
import * as withdrawal from "../../web/src/client/withdrawal.ts";
import { bytes, serve } from "./answering.mjs";
import { memberAnswers, members } from "./web_members.mjs";

const heldOf = ({ handoff, label, basis, live, token }) => ({ handoff, label, basis, live, token });
const openedOf = ({ packet, from, author, sections, attachments, quarantined }) => ({
  ...{ packet, from, author, sections, quarantined },
  attachments: [...attachments.keys()],
});
const askedOf = async (member, { to, ...asked }) => ({ to: await member.trust.agency(to), ...asked });

const answers = {
  ...memberAnswers,
  check: ({ value, kind }) => check(value, kind) && true,
  begin: ({ draft, made }) => record.begin(draft, made),
  revise: ({ value, secret, changes, by }) => record.revise(value, bytes(secret), changes, by),
  withdrawn: ({ value, secret, who, by }) => record.withdraw(value, bytes(secret), who, by),
  head: ({ value, secret }) => record.head(value, bytes(secret)),
  excerpt: ({ value, secret, agency }) => record.excerptFor(value, bytes(secret), agency),
  onward: ({ excerpt, agency }) => record.onwardExcerpt(excerpt, agency),
  read_excerpt: ({ value }) => record.readExcerpt(value),
  facts: ({ value, agency }) => ({ ...record.facts(value, agency), ...record.ownFacts(value) }),
  chain: ({ heads }) => record.checkChain(heads) ?? true,
  decide: ({ basis, request, now, around }) => decide(basis, request, now, around),
  protect: ({ sections }) => protectLocation(sections),
  family_copy: ({ sections, reader }) => familyCopy(sections, reader),
  new_token: () => newToken(),
  token: ({ text }) => parseToken(text),
  message: async ({ lang, rule, facts }) => (await spoken(lang)).message(rule, facts),
  notice: async ({ lang, id }) => (await spoken(lang)).notice(id).sha256,

  draft: async ({ name, value, label }) => heldOf(await bases.draft(members.get(name), value, label)),
  load: async ({ name, handoff, why }) => heldOf(await bases.load(members.get(name), handoff, why)),
  every: async ({ name }) => (await bases.every(members.get(name))).map(({ record, held }) => [record.handoff, held !== null]),
  async revise_held({ name, handoff, changes, why }) {
    const member = members.get(name);
    return heldOf(await bases.revise(member, await bases.load(member, handoff, why), changes));
  },
  approve: async ({ name, handoff, said, why }) => heldOf(await bases.approve(members.get(name), handoff, said, why)),
  disagreements: ({ name }) => disagreements.listing(members.get(name)),
  async preview({ name, handoff, asked, why }) {
    const member = members.get(name);
    const held = await bases.load(member, handoff, why);
    const found = await bases.preview(member, held, await askedOf(member, asked));
    return { ...found, missing: Object.fromEntries(found.missing) };
  },
  async decide_for({ name, handoff, asked, packet, why }) {
    const member = members.get(name);
    const held = await bases.load(member, handoff, why);
    const { basis, gates, obligations } = await bases.decideFor(member, held, await askedOf(member, asked), packet);
    return { country: basis.country, until: basis.until, excerpt: basis.excerpt, gates: gates.length, obligations };
  },
  open_and_report: async ({ name, handoff, ...how }) => (await openAndReport(members.get(name), handoff, how)).map(openedOf),
  openings: ({ name, unreviewed }) => access.listing(members.get(name), unreviewed),
  assign: ({ name, handoff, who }) => access.assign(members.get(name), handoff, who),
  review: ({ name, record, said }) => access.review(members.get(name), record, said),
  withdraw: ({ name, basis, by }) => withdrawal.withdraw(members.get(name), basis, by),
  status: ({ name, basis }) => withdrawal.status(members.get(name), basis),
  answer: async ({ name, handoff, said, ground }) => (await withdrawal.answer(members.get(name), handoff, said, ground)).onward,
  freeze: async ({ name, token, agency }) => (await freezing.ask(members.get(name), token, agency)).id,
  freezes: ({ name }) => freezing.requests(members.get(name)),
  decide_freeze: ({ name, freeze, decision }) => freezing.decide(members.get(name), freeze, decision),
};

await serve(answers, HubError, BasisError);
