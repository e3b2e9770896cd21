// The vectors of packets and vaults in a browser: `run` says how each ends. Bundled by tests/e2e/test_app_vectors.py.
import { kid } from "../../web/src/rcp/dsse.ts";
import { parseIdentity } from "../../web/src/rcp/age.ts";
import { b64u, fromB64u, same } from "../../web/src/rcp/encoding.ts";
import { refuse } from "../../web/src/rcp/errors.ts";
import { verify } from "../../web/src/rcp/packet.ts";
import { ready } from "../../web/src/client/sodium.ts";
import * as vault from "../../web/src/client/vault.ts";

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

function packet({ manifest, files, identities, sender, me, seen, now, first, rewraps }) {
  const senderKey = (agency, keyid) => {
    const key = fromB64u(sender.sign);
    if (agency !== sender.agency || keyid !== kid(key)) refuse("unknown_signer");
    return { member: sender.member, key };
  };
  const given = Object.entries(files).map(([name, data]) => [name, bytes(data)]);
  const keys = identities.map(parseIdentity);
  return verify({ manifest: bytes(manifest), files: new Map(given), identities: keys, senderKey, me, seen, now, first, rewraps });
}

function opened({ login, passphrase, device, code, seen, stored, content, auth }) {
  const row = vault.readStored(stored);
  const keys = vault.derive(passphrase, fromB64u(device), row.kdf);
  const found = vault.openVault(row, keys, login, seen);
  const recovered = vault.recover(row.recovery, vault.parseCode(code), login);
  const alike = JSON.stringify(found) === JSON.stringify(content) && b64u(keys.auth) === auth && same(recovered.kek, keys.kek);
  return alike || refuse("malformed");
}

const ending = (open, given) => {
  try {
    open(given);
    return "ok";
  } catch (error) {
    return error.code ?? String(error);
  }
};

export async function run(packets, vaults) {
  await ready();
  return [packets.map((given) => ending(packet, given)), vaults.map((given) => ending(opened, given))];
}
