// The web pages' modules in Node, asked by the tests.
import * as age from "../../web/src/rcp/age.ts";
import * as dsse from "../../web/src/rcp/dsse.ts";
import * as e from "../../web/src/rcp/encoding.ts";
import { refuse } from "../../web/src/rcp/errors.ts";
import { checkInclusion, verifyNote } from "../../web/src/rcp/log.ts";
import { seal, verify } from "../../web/src/rcp/packet.ts";
import { signStatement } from "../../web/src/rcp/statements.ts";
import { padded } from "../../web/src/rcp/tar.ts";
import { proofOf, readAddress, readDigits } from "../../web/src/link/secret.ts";
import { bytes, serve, text } from "./answering.mjs";

const answers = {
  verify({ manifest, files, identities, sender, me, seen, now, first, rewraps }) {
    const senderKey = (agency, keyid) => {
      const key = e.fromB64u(sender.sign);
      if (agency !== sender.agency || keyid !== dsse.kid(key)) refuse("unknown_signer");
      return { member: sender.member, key };
    };
    const [given, keys] = [Object.entries(files).map(([name, data]) => [name, bytes(data)]), identities.map(age.parseIdentity)];
    const packet = verify({ manifest: bytes(manifest), files: new Map(given), identities: keys, senderKey, me, seen, now, first, rewraps });
    const attachments = [...packet.attachments].map(([name, data]) => [name, text(data)]);
    return { hash: packet.hash, sections: Object.fromEntries(packet.sections), attachments: Object.fromEntries(attachments) };
  },
  age({ file, identities }) {
    const data = bytes(file);
    const size = age.headerSize(data);
    const key = age.unwrap(age.readHeader(data.subarray(0, size)), identities.map(age.parseIdentity));
    return text(e.sha256(age.openPayload(data.subarray(size), key)));
  },
  seal({ plan, seed }) {
    const recipients = plan.recipients.map(age.parseRecipient);
    const { manifest, body } = seal({ ...plan, recipients }, new dsse.Signer(bytes(seed)));
    return { manifest: text(e.canonical(manifest)), body: text(body) };
  },
  statement: ({ said, seed }) => text(e.canonical(signStatement(said, new dsse.Signer(bytes(seed))))),
  json: ({ data }) => text(e.canonical(e.parseJson(bytes(data)))),
  canonical: ({ data }) => text(e.canonical(e.parseCanonical(bytes(data)))),
  signature: ({ key, message, signature }) => dsse.verifySignature(bytes(key), bytes(message), bytes(signature)) ?? true,
  key: ({ key }) => text(dsse.checkPublicKey(bytes(key))),
  names: ({ key }) => [dsse.kid(bytes(key)), dsse.fingerprint(bytes(key)), age.formatRecipient(bytes(key))],
  included: ({ document, salt, index, proof, size, root }) => checkInclusion(bytes(document), bytes(salt), index, proof.map(bytes), size, bytes(root)) ?? true,
  note: ({ note, origin, key }) => verifyNote(note, origin, bytes(key)),
  padded: ({ length }) => padded(length),
  address({ path, fragment }) {
    const keys = readAddress(path, fragment);
    return keys && [keys.id, text(keys.signer.publicKey), age.formatRecipient(keys.identity.recipient), proofOf(keys, "123456")];
  },
  digits: ({ typed }) => readDigits(typed),
};

await serve(answers);
