// The web pages' modules in Node, asked by the tests: one question a line in, one answer a line out.
import { createInterface } from "node:readline";
import { parseIdentity } from "../../web/src/rcp/age.ts";
import { kid } from "../../web/src/rcp/dsse.ts";
import * as e from "../../web/src/rcp/encoding.ts";
import { PacketError, refuse } from "../../web/src/rcp/errors.ts";
import { verify } from "../../web/src/rcp/packet.ts";

const bytes = (text) => new Uint8Array(Buffer.from(text, "base64"));
const text = (data) => Buffer.from(data).toString("base64");

const answers = {
  verify({ manifest, files, identities, sender, me, seen, now, first, rewraps }) {
    const packet = verify({
      manifest: bytes(manifest),
      files: new Map(Object.entries(files).map(([name, data]) => [name, bytes(data)])),
      identities: identities.map(parseIdentity),
      senderKey(agency, keyid) {
        const key = e.fromB64u(sender.sign);
        if (agency !== sender.agency || keyid !== kid(key)) refuse("unknown_signer");
        return { member: sender.member, key };
      },
      me, seen, now, first, rewraps,
    });
    return { sections: Object.fromEntries(packet.sections), attachments: Object.fromEntries([...packet.attachments].map(([n, d]) => [n, text(d)])) };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { ask, ...given } = JSON.parse(line);
  let answer;
  try {
    answer = { ok: answers[ask](given) };
  } catch (error) {
    if (!(error instanceof PacketError)) throw error;
    answer = { refused: error.code };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
