// Bundles each page: script and style under names of their content, compressed beside them, and the page that names them.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const source = new URL("src/link/", import.meta.url);
const target = process.argv[2];
const options = { bundle: true, minify: true, write: false, charset: "utf8", legalComments: "none", logLevel: "error" };
const targets = ["es2020", "chrome80", "firefox78", "safari14"];
const supported = { destructuring: true }; // those browsers do; esbuild minds a rare fault of Safari's

function put(name, data) {
  writeFileSync(`${target}/${name}`, data);
  writeFileSync(`${target}/${name}.gz`, gzipSync(data, { level: 9 }));
  writeFileSync(`${target}/${name}.br`, brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
}

async function bundled(entry, ending) {
  const done = await build({ ...options, entryPoints: [new URL(entry, source).pathname], format: "iife", target: targets, supported });
  const data = Buffer.from(done.outputFiles[0].contents);
  const name = `link-${createHash("sha256").update(data).digest("hex").slice(0, 16)}.${ending}`;
  put(name, data);
  return name;
}

const script = await bundled("page.ts", "js");
const style = await bundled("page.css", "css");
const page = readFileSync(new URL("page.html", source), "utf8");
put("link.html", page.replace("page.ts", `/l/assets/${script}`).replace("page.css", `/l/assets/${style}`));
