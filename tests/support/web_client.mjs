// The web client in Node, asked by the tests.
import * as devices from "../../web/src/client/devices.ts";
import { readAttestation, signAttestation } from "../../web/src/client/attestations.ts";
import * as pins from "../../web/src/client/pins.ts";
import { deviceFingerprint, readDocument, verifyHubEntry } from "../../web/src/client/documents.ts";
import { HubError } from "../../web/src/client/session.ts";
import { checkPublicKey, signEnvelope, Signer, verifySignature } from "../../web/src/rcp/dsse.ts";
import { headerSize, openPayload, parseIdentity, parseRecipient, readHeader, sealFile, unwrap } from "../../web/src/rcp/age.ts";
import * as e from "../../web/src/rcp/encoding.ts";
import { Chain } from "../../web/src/client/links.ts";
import { basisKey, freezeHandle, gateCommitment, seal } from "../../web/src/client/seal.ts";
import * as says from "../../web/src/client/statements.ts";
import { checkGrown } from "../../web/src/rcp/log.ts";
import * as vault from "../../web/src/client/vault.ts";
import { bytes, serve, text } from "./answering.mjs";
import { memberAnswers } from "./web_members.mjs";

const keysOf = ({ auth, kek }) => ({ auth: bytes(auth), kek: bytes(kek) });
const textOf = ({ auth, kek }) => ({ auth: text(auth), kek: text(kek) });

const hubs = (found) => (found === null ? null : verifyHubEntry(readDocument(found), null));

/** An agency as `accept` of a test's question finds it, and the pins before and after. */
function accepted({ given, note, host, proof, agency, served, digits }) {
  const seen = pins.seeCheckpoint(pins.readPins(given), note, host, proof.map(bytes));
  return { ...pins.acceptAgency(seen.pins, agency, served, seen.head, digits), seen };
}

const answers = {
  ...memberAnswers,
  trust_hub: ({ given, host, key, digits }) => pins.trustHub(pins.readPins(given), host, bytes(key), digits),
  merge: ({ one, other }) => pins.mergePins(pins.readPins(one), pins.readPins(other)),
  see: ({ given, note, host, proof }) => pins.seeCheckpoint(pins.readPins(given), note, host, proof.map(bytes)),
  grown: ({ old, now, proof }) => checkGrown(old, now, proof.map(bytes)) ?? true,
  accept(asked) {
    const { agency, pins: after } = accepted(asked);
    const [members, old] = [pins.membersOf(agency, asked.now), pins.oldKeyHolders(agency)];
    return { how: agency.how, seq: agency.entry.seq, members: members.map((c) => c.member), old: old.map((c) => c.member), pins: after };
  },
  sender({ whose, keyid, standing, ...asked }) {
    const { agency, pins: after } = accepted(asked);
    const keys = new pins.TrustedKeys(new Map([[asked.agency, agency]]), after);
    const standingKeys = standing ? keys.standingAt(...standing) : keys;
    return text(standingKeys.senderKey(whose, keyid).key);
  },
  hub_entry: ({ entry, previous }) => verifyHubEntry(readDocument(entry), hubs(previous)).hash,
  document: ({ value }) => readDocument(value).hash,
  device_digits: ({ cert }) => deviceFingerprint(readDocument(cert).value),
  grant({ cert, epoch, secret }) {
    return devices.grantTo(readDocument(cert).value, epoch, new devices.SecretKey(bytes(secret)));
  },
  open_grant({ grant, device, published }) {
    const [given] = devices.readGrants([grant]);
    return text(devices.openGrant(given, devices.DeviceKeys.fromValue(device), published).bytes);
  },
  read: ({ value }) => says.readStatement(value).type,
  sign: ({ said, seed }) => says.sign(said, new Signer(bytes(seed))).value,
  co_sign: ({ value, seed }) => says.coSign(value, new Signer(bytes(seed))),
  verify_statement({ value, now, first, link, ...asked }) {
    const { agency, pins: after } = accepted(asked);
    const keys = new pins.TrustedKeys(new Map([[asked.agency, agency]]), after);
    const named = link ? new Chain(asked.agency, [link]) : undefined;
    return says.verifyStatement(value, keys, now, first, named).envelope.hash;
  },
  word({ value, answer, now, ...asked }) {
    const { agency, pins: after } = accepted(asked);
    const keys = new pins.TrustedKeys(new Map([[asked.agency, agency]]), after);
    const { host, receipt, refused } = says.readWord(answer, says.readUnverified(value), keys, now);
    return { host, refused, receipt: receipt && [receipt.index, receipt.position, receipt.state] };
  },
  seal({ plan, basis, attachments, seed }) {
    const recipients = plan.recipients.map(parseRecipient);
    const files = new Map(Object.entries(attachments).map(([name, data]) => [name, bytes(data)]));
    const given = basis && { ...basis, key: bytes(basis.key) };
    const { hash, parts } = seal({ ...plan, recipients, basis: given, attachments: files }, new Signer(bytes(seed)));
    return { hash, parts: Object.fromEntries([...parts].map(([name, data]) => [name, text(data)])) };
  },
  seal_age({ recipient, plain }) {
    const { header, payload } = sealFile([parseRecipient(recipient)], bytes(plain));
    return text(e.concat(header, payload));
  },
  open_age({ identity, file }) {
    const data = bytes(file);
    const size = headerSize(data);
    const key = unwrap(readHeader(data.subarray(0, size)), [parseIdentity(identity)]);
    return text(openPayload(data.subarray(size), key));
  },
  basis_key: ({ secret, packet, to }) => text(basisKey(bytes(secret), packet, to)),
  gate: ({ finding, key, gate }) => gateCommitment(finding, bytes(key), gate),
  freeze: ({ token, packet }) => freezeHandle(token, packet),
  attest: ({ said, seed }) => signAttestation(said, (type, value) => signEnvelope(type, value, new Signer(bytes(seed)))),
  attestation: ({ value, now, ...asked }) => readAttestation(value, accepted(asked).agency, now),
  kdf: ({ device }) => vault.kdfOf(bytes(device)),
  derive: ({ passphrase, device, kdf }) => textOf(vault.derive(passphrase, bytes(device), vault.readKdf(kdf))),
  vault_vector({ login, passphrase, device, code, seen, stored }) {
    const row = vault.readStored(stored);
    const keys = vault.derive(passphrase, e.fromB64u(device), row.kdf);
    const content = vault.openVault(row, keys, login, seen);
    const recovered = vault.recover(row.recovery, vault.parseCode(code), login);
    return { content, auth: e.b64u(keys.auth), recovered: e.same(recovered.kek, keys.kek) };
  },
  seal_vault: ({ content, keys, login, version, kdf }) => text(vault.sealVault(content, keysOf(keys), login, version, kdf)),
  open_vault: ({ stored, keys, login, seen }) => vault.openVault(vault.readStored(stored), keysOf(keys), login, seen),
  code: ({ typed }) => text(vault.parseCode(typed)),
  printed: ({ code }) => vault.formatCode(bytes(code)),
  wrap: ({ keys, code, login }) => text(vault.wrapForRecovery(keysOf(keys), bytes(code), login)),
  recover: ({ wrapped, code, login }) => textOf(vault.recover(bytes(wrapped), bytes(code), login)),
  seal_local: ({ data, keys, login, name }) => text(vault.sealLocal(bytes(data), keysOf(keys), login, name)),
  open_local: ({ sealed, keys, login, name }) => text(vault.openLocal(bytes(sealed), keysOf(keys), login, name)),
  signature: ({ key, message, signature }) => verifySignature(bytes(key), bytes(message), bytes(signature)) ?? true,
  key: ({ key }) => text(checkPublicKey(bytes(key))),
};

await serve(answers, HubError);
