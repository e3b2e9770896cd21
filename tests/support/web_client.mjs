// The web client in Node, asked by the tests.
import { checkPublicKey, verifySignature } from "../../web/src/rcp/dsse.ts";
import { ready } from "../../web/src/client/sodium.ts";
import * as vault from "../../web/src/client/vault.ts";
import { bytes, serve, text } from "./answering.mjs";

await ready();

const keysOf = ({ auth, kek }) => ({ auth: bytes(auth), kek: bytes(kek) });
const textOf = ({ auth, kek }) => ({ auth: text(auth), kek: text(kek) });

const answers = {
  derive: ({ passphrase, device, kdf }) => textOf(vault.derive(passphrase, bytes(device), vault.readKdf(kdf))),
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

await serve(answers);
