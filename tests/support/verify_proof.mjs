// An independent check of a tlog-proof: plain Node, written from RFC 6962 and the C2SP texts. It shares no code with the hub.
// usage: node verify_proof.mjs VERIFIER_KEY < {"proof": text, "salt": base64url, "document": text}
import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
const fail = (why) => { console.log(why); process.exit(1); };

const [name, id, ...rest] = process.argv[2].split("+");
const typed = Buffer.from(rest.join("+"), "base64");
if (sha256(Buffer.from(`${name}\n`), typed).subarray(0, 4).toString("hex") !== id) fail("key id");
const x = typed.subarray(1).toString("base64url");
const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });

const { proof, salt, document } = JSON.parse(readFileSync(0, "utf8"));
const cut = proof.indexOf("\n\n");
const [version, indexLine, ...path] = proof.slice(0, cut).split("\n");
const note = proof.slice(cut + 2);
if (version !== "c2sp.org/tlog-proof@v1") fail("version");
const index = BigInt(indexLine.replace(/^index /, ""));

const end = note.lastIndexOf("\n\n");
const text = note.slice(0, end + 1);
const line = note.slice(end + 2).split("\n").find((each) => each.startsWith(`— ${name} `)) ?? fail("no signature");
const signature = Buffer.from(line.split(" ")[2], "base64");
if (signature.subarray(0, 4).toString("hex") !== id) fail("another key");
if (!verify(null, Buffer.from(text), key, signature.subarray(4))) fail("signature");
const [origin, size, root] = text.split("\n");
if (origin !== name) fail("origin");

const entry = sha256(Buffer.from([0x52]), Buffer.from(salt, "base64url"), Buffer.from(document));
const climb = (place, count, hashes, leaf) => {
  if (count === 1n) return hashes.length === 0 ? leaf : fail("too many hashes");
  let half = 1n;
  while (half * 2n < count) half *= 2n;
  const sibling = Buffer.from(hashes.at(-1) ?? fail("too few hashes"), "base64");
  const below = hashes.slice(0, -1);
  return place < half
    ? sha256(Buffer.from([1]), climb(place, half, below, leaf), sibling)
    : sha256(Buffer.from([1]), sibling, climb(place - half, count - half, below, leaf));
};
if (index >= BigInt(size)) fail("index");
const made = climb(index, BigInt(size), path, sha256(Buffer.from([0]), entry)).toString("base64");
if (made !== root) fail("root");
console.log("verified");
