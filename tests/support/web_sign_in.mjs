// The ways into the web client, in Node: sheets, passphrases, passkeys' wraps, codes, and sessions that somebody ended.
import * as passkey from "../../web/src/client/passkey.ts";
import * as recovery from "../../web/src/client/recovery.ts";
import { HubError, HubSession } from "../../web/src/client/session.ts";
import { Member } from "../../web/src/client/member.ts";
import { parseCode } from "../../web/src/client/vault.ts";
import { bytes, serve, text } from "./answering.mjs";
import { around, memberAnswers, members } from "./web_members.mjs";

const ended = [];
const keysOf = ({ auth, kek }) => ({ auth: bytes(auth), kek: bytes(kek) });
const textOf = ({ auth, kek }) => ({ auth: text(auth), kek: text(kek) });

const answers = {
  ...memberAnswers,
  new_sheet: ({ name }) => recovery.newSheet(members.get(name)),
  test_sheet: async ({ name, code, device }) => (await recovery.testSheet(members.get(name), code, device)) ?? true,
  change: ({ name, old, passphrase }) => recovery.changePassphrase(members.get(name), old, passphrase),
  async recover({ name, url, code, passphrase, now }) {
    const { known, kept } = members.get(name);
    const found = recovery.recover(new HubSession(url, around), known, parseCode(code), kept, () => now);
    await recovery.renew(found, passphrase, parseCode(code));
    members.set(name, found);
  },
  fingerprint: ({ name }) => members.get(name).fingerprint,
  local: ({ name, data }) => text(members.get(name).sealLocal(bytes(data), "x")),
  open_local: ({ name, sealed }) => text(members.get(name).openLocal(bytes(sealed), "x")),
  /** Ask with codes at hand: each is typed once, in order. */
  codes({ name, rows }) {
    const left = [...rows];
    const { hub } = members.get(name);
    hub.askCode = async () => left.shift() ?? Promise.reject(new HubError("totp_required"));
    hub.onEnd = (code) => ended.push(code);
    hub.use(null);
  },
  me: async ({ name }) => (await members.get(name).hub.get("/api/v1/me")).member,
  ended: () => ended.splice(0),
  seal_keys: ({ keys, secret, login }) => text(passkey.sealKeys(keysOf(keys), bytes(secret), login)),
  open_keys: ({ sealed, secret, login }) => textOf(passkey.openKeys(bytes(sealed), bytes(secret), login)),
  unlock_with({ name, url, keys, now }) {
    const { known, kept } = members.get(name);
    members.set(name, Member.unlockWith(new HubSession(url, around), known, keysOf(keys), kept, () => now));
  },
};

await serve(answers, HubError);
