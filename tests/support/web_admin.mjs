// Founding, enrolling and certifying in Node, asked by the tests.
import { b64u } from "../../web/src/rcp/encoding.ts";
import * as enrol from "../../web/src/client/enrol.ts";
import * as epochs from "../../web/src/client/epochs.ts";
import * as founding from "../../web/src/client/founding.ts";
import { HubError, HubSession } from "../../web/src/client/session.ts";
import * as shares from "../../web/src/client/shares.ts";
import * as slip39 from "../../web/src/client/slip39.ts";
import { revokeLinksOf } from "../../web/src/client/leaving.ts";
import { changes } from "../../web/src/client/watching.ts";
import { isDevice, sixWords } from "../../web/src/client/words.ts";
import { bytes, serve, text } from "./answering.mjs";
import { around, memberAnswers, members } from "./web_members.mjs";

const begun = new Map();
const deskOf = ({ url, login, passphrase, now }) => ({ hub: new HubSession(url, around), login, passphrase, now: () => now });

function prepared(name, { member, sheet }) {
  const { stored, ...known } = member.known;
  const { version, kdf, vault, recovery } = stored;
  members.set(name, member);
  return { ...known, sheet, stored: { version, kdf, vault: b64u(vault), recovery: b64u(recovery) } };
}

const answers = {
  ...memberAnswers,
  six_words: ({ key }) => sixWords(bytes(key)),
  is_device: ({ device, said }) => isDevice(device, said),
  invitation: ({ line }) => enrol.invitationText(enrol.readInvitation(line)),
  async enrol({ name, line, ...desk }) {
    const invitation = enrol.readInvitation(line);
    const given = deskOf(desk);
    await enrol.checkHub(given.hub, invitation);
    const made = enrol.prepare(given, invitation);
    await enrol.register(made.member, invitation);
    return prepared(name, made);
  },
  device: ({ name, roles }) => enrol.thisDevice(members.get(name), roles),
  is_certified: ({ name }) => enrol.isCertified(members.get(name)),
  roles: ({ name }) => members.get(name).roles(),
  invite: async ({ name, roles, url, ...how }) => enrol.invitationText(await enrol.invite(members.get(name), roles, url, how)),
  pending: ({ name }) => enrol.pending(members.get(name)),
  certify: ({ name, login, said, roles }) => enrol.certifyPending(members.get(name), login, said, roles),
  grant: ({ name }) => epochs.grantMissing(members.get(name)),
  remove: ({ name, gone }) => enrol.remove(members.get(name), gone),
  lose: async ({ name, gone, url }) => enrol.invitationText(await enrol.loseDevice(members.get(name), gone, url)),
  keep_pins: ({ name }) => members.get(name).keepPins(),
  pins: ({ name }) => members.get(name).trust.pins,
  revoke_links: ({ name, gone }) => revokeLinksOf(members.get(name), gone),
  change: ({ name, changes: said }) => epochs.changeEntry(members.get(name), said),
  old_key: async ({ name }) => (await epochs.oldKey(members.get(name))).map(({ member }) => member),
  renew: ({ name }) => epochs.renew(members.get(name)),
  start: ({ name }) => epochs.startEpoch(members.get(name)),
  begin({ name, line, facts, ...desk }) {
    const made = founding.begin(deskOf(desk), enrol.readInvitation(line), facts);
    begun.set(name, made.begun);
    return { ...prepared(name, made), request: founding.requestText(made.identity) };
  },
  async finish({ name, certs }) {
    const member = members.get(name);
    await founding.finish(member, begun.get(name), certs.map(founding.readCertification));
    return member.known.member;
  },
  async split({ name, held, url }) {
    const { lines, where } = await shares.split(members.get(name), held, url);
    return { lines, where: enrol.invitationText(where) };
  },
  async join({ name, where, lines, ...desk }) {
    return prepared(name, await shares.join(deskOf(desk), enrol.readInvitation(where), lines));
  },
  share_words: () => slip39.wordList(),
  in_shares: ({ secret }) => slip39.split(bytes(secret)),
  of_shares: async ({ lines }) => text(await slip39.combine(lines)),
  changes: ({ name, since }) => changes(members.get(name), since),
};

await serve(answers, HubError);
