// Bundles each page: scripts and styles under names of their content, compressed beside them, the pages that name them,
// and the list of all of it, whose hash is the release's. The same sources give the same bytes in any folder.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { build } from "esbuild";
import { png, svg } from "./icons.mjs";

const web = fileURLToPath(new URL("./", import.meta.url));
const source = join(web, "src/");
const target = process.argv[2];
const options = {
  ...{ bundle: true, minify: true, write: false, charset: "utf8", legalComments: "none", logLevel: "error" },
  absWorkingDir: web,
  preserveSymlinks: true, // names of chunks come of paths too: those below this folder alone
};
const supported = { destructuring: true }; // those browsers do; esbuild minds a rare fault of Safari's
const old = ["es2020", "chrome80", "firefox78", "safari14"];
const modern = ["es2022", "chrome94", "firefox93", "safari15.4"];
const POLICY = [
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'",
  "img-src 'self' data: blob:; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'",
  "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types handover default",
].join("; ");
const listed = [];
const compressing = [];

const sha = (kind, data, form) => createHash(kind).update(data).digest(form);
const integrity = (data) => `sha384-${sha("sha384", data, "base64")}`;

function write(path, data) {
  mkdirSync(dirname(join(target, path)), { recursive: true });
  writeFileSync(join(target, path), data);
  if (!path.endsWith(".png")) compressing.push(compress(path, data));
}

async function compress(path, data) {
  const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
  writeFileSync(join(target, `${path}.gz`), await promisify(gzip)(data, { level: 9 }));
  writeFileSync(join(target, `${path}.br`), await promisify(brotliCompress)(data, brotli));
}

function put(path, given, shell = false) {
  const data = Buffer.from(given);
  write(path, data);
  listed.push({ path, sha256: sha("sha256", data, "base64url"), shell, size: data.length });
  return data;
}

async function bundled(entry, more = {}) {
  const given = { ...options, entryPoints: [join(source, entry)], format: "iife", target: old, supported, ...more };
  return Buffer.from((await build(given)).outputFiles[0].contents);
}

function named(folder, stem, ending, data, shell) {
  const name = `${stem}-${sha("sha256", data, "hex").slice(0, 16)}.${ending}`;
  put(`${folder}/assets/${name}`, data, shell);
  return `assets/${name}`;
}

const filled = (text, values) => Object.entries(values).reduce((done, [from, to]) => done.replace(from, () => to), text);

// The page of a link: one script, one style.
const linked = async (path, ending) => {
  const data = await bundled(path);
  return `"/l/${named("l", "link", ending, data)}" integrity="${integrity(data)}"`;
};
put(
  "l/link.html",
  filled(readFileSync(join(source, "link/page.html"), "utf8"), {
    '"page.ts"': await linked("link/page.ts", "js"),
    '"page.css"': await linked("link/page.css", "css"),
  }),
);

// libsodium's WebAssembly as a file: as text inside of a script it would take a third more of the line. The text is what
// its package has; a package that writes it in another way ends the build.
const EMBEDDED = /\((\w)=>\{for\(var [^{}]*\}\)\("([A-Za-z0-9+/=]{100000,})"\)/;
let wasm = null;
const sodium = {
  name: "sodium",
  setup({ onLoad }) {
    onLoad({ filter: /libsodium-sumo\.mjs$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      const data = Buffer.from(EMBEDDED.exec(text)[2], "base64");
      wasm = { path: named("app", "sodium", "wasm", data, true), data };
      const asked = `fetch(new URL(${JSON.stringify(basename(wasm.path))},import.meta.url),{integrity:${JSON.stringify(integrity(data))}})`;
      return { contents: `const embedded=new Uint8Array(await(await ${asked}).arrayBuffer());${text.replace(EMBEDDED, "embedded")}` };
    });
  },
};

// The app: what is needed at once, and a chunk for each screen, language and policy.
const made = await build({
  ...options,
  entryPoints: { app: join(source, "app/main.tsx") },
  format: "esm",
  splitting: true,
  target: modern,
  outdir: "out",
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  metafile: true,
  loader: { ".csv": "text" },
  plugins: [sodium],
});
const outputs = new Map(Object.entries(made.metafile.outputs).map(([path, about]) => [basename(path), about]));
const [main] = [...outputs].find(([, { entryPoint }]) => entryPoint === "src/app/main.tsx");
const atOnce = new Set();
const needs = (name) => {
  if (atOnce.has(name)) return;
  atOnce.add(name);
  const statics = outputs.get(name).imports.filter(({ kind }) => kind === "import-statement");
  statics.forEach(({ path }) => needs(basename(path)));
};
needs(main);
const code = new Map(made.outputFiles.map(({ path, contents }) => [basename(path), Buffer.from(contents)]));
[...code].sort().forEach(([name, data]) => put(`app/assets/${name}`, data, atOnce.has(name)));
const look = await bundled("app/app.css");
const style = named("app", "app", "css", look, true);
const preloads = [...atOnce].filter((name) => name !== main).sort();
put(
  "app/index.html",
  filled(readFileSync(join(source, "app/index.html"), "utf8"), {
    '"app.css"': `"${style}" integrity="${integrity(look)}"`,
    '"main.tsx"': `"assets/${main}" integrity="${integrity(code.get(main))}"`,
    "</head>": `<link rel="preload" as="fetch" crossorigin href="${wasm.path}">\n${preloads.map((name) => `<link rel="modulepreload" href="assets/${name}" integrity="${integrity(code.get(name))}">\n`).join("")}</head>`,
  }),
  true,
);
put("app/sw.js", await bundled("sw/worker.ts", { target: modern }));
put("app/app.webmanifest", readFileSync(join(source, "app/app.webmanifest")));
put("app/icon.svg", svg());
for (const size of [180, 192, 512]) put(`app/icon-${size}.png`, png(size));

// The licences of what is built in.
const packages = join(web, "node_modules/");
const inside = new Set(Object.keys(made.metafile.inputs).flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []));
const licences = [...inside].sort().map((name) => {
  const file = readdirSync(join(packages, name)).find((one) => /^licen[cs]e/i.test(one));
  return `${name}\n\n${file && existsSync(join(packages, name, file)) ? readFileSync(join(packages, name, file), "utf8").trim() : "see its package"}\n`;
});
put("app/licences.txt", licences.join("\n----\n\n"));

// The release: one line of canonical JSON (keys sorted, nothing between).
const files = listed.sort((one, other) => (one.path < other.path ? -1 : 1));
write("app/release.json", JSON.stringify({ files, policy: POLICY, v: 1 }));
await Promise.all(compressing);
