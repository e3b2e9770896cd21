"""Pages of a hub in a real browser: nothing that they show asks any other origin (directory notes, check 14)."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

from hub.clock import SetClock
from hub.directory.areas.store import Areas
from tests.conftest import NOW
from tests.support.chromium import launched
from tests.support.world import populated, world

HOST = "hub.example"
NOBODY_ELSE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOST) as made:
        populated(made, HOST, HOST)
        with made.hubs[HOST].hub.database.write() as connection:
            Areas(connection).ensure("DJ")
        yield made


def asked(folder, url):
    """What a browser shows of a page, and every origin that the page, or whatever it loads, asks."""
    log = folder / "net.json"
    with sync_playwright() as playwright:
        chromium = launched(playwright, NOBODY_ELSE, f"--log-net-log={log}")
        page = chromium.new_page()
        page.goto(url, wait_until="networkidle")
        shown = page.content()
        chromium.close()  # which ends the log, too
    own = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    origins = set()
    for event in json.loads(log.read_text())["events"]:
        about = event.get("params") or {}
        if about.get("initiator", "").startswith(own) or about.get("url", "").startswith(own):
            parts = urlsplit(about.get("url", own))
            origins.add(f"{parts.scheme}://{parts.netloc}")
    return shown, origins


@contextmanager
def served(body, kind="text/html"):
    """Serve one answer on loopback; return where."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_the_watch_sees_a_page_that_asks_another_origin(tmp_path):
    with served(b"<p>hello<img src='https://tiles.example/1.png'>") as url:
        shown, origins = asked(tmp_path, url)
    assert "hello" in shown
    assert origins == {url, "https://tiles.example"}


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_page_of_a_provider_asks_its_own_hub_alone(place, tmp_path, language):
    amina = place.members["amina"]
    make = partial(amina.hub.post, "/api/v1/directory/records")
    by = make({"kind": "provider", "document": {"name": "Clinic", "kind": "ngo", "country": "DJ"}})["id"]
    hostile = '<img src="https://tiles.example/1.png"><script src="https://tiles.example/x.js"></script>'
    document = {"name": f"Care {hostile}", "status": "active", "organization_id": by, "needs": ["health"]}
    record = make({"kind": "service", "document": document})["id"]
    link = amina.hub.post("/api/v1/directory/links", {"record": record, "language": language, "by": "hand"})["url"]
    hub = place.hubs[HOST]
    shown, origins = asked(tmp_path, f"{hub.url}{urlsplit(link).path}?l={language}")
    assert f'dir="{"rtl" if language == "ar" else "ltr"}"' in shown
    assert "Care &lt;img" in shown
    assert origins == {hub.url}


def test_the_drawn_map_asks_nobody(place, tmp_path):
    amina = place.members["amina"]
    asks = {"country": "DJ", "needs": ["health"], "language": "ar"}
    drawn = amina.hub.post("/api/v1/directory/gaps/map", asks)["text"]
    with served(drawn.encode(), "image/svg+xml") as url:
        shown, origins = asked(tmp_path, url)
    assert "<svg" in shown
    assert origins == {url}
