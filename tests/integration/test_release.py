"""A hub logs what it serves before it serves it, once; anybody can ask where, and compare; the app goes elsewhere."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from hashlib import sha384

import pytest
from werkzeug.test import Client

from hub.client.release import check_release
from hub.client.transport import HubSession
from hub.clock import SetClock
from hub.errors import BadSignature, InvalidRequest
from hub.federation.pull import own_entry
from hub.federation.store import ReleaseFindings
from hub.handofflog.store import HandoffLog
from hub.keys import releases as judged
from hub.keys.certificates import HubEntry, Release, fingerprint
from hub.keys.store import KeyStore
from hub.packets.dsse import Envelope
from hub.web import elsewhere, release
from hub.web.release import log_release
from tests.conftest import NOW
from tests.support import releases
from tests.support.apps import running_hub
from tests.support.factories import some_hash
from tests.support.peer_simulator import serving
from tests.support.terminal import hub as command

ELSEWHERE = "https://hub.example"


@pytest.fixture
def pages(tmp_path, monkeypatch):
    with releases.pages(tmp_path / "dist", monkeypatch) as found:
        yield found


@pytest.fixture
def place(tmp_path, pages):
    with running_hub(tmp_path / "hub", SetClock(NOW)) as (hub, app):
        yield hub, app, pages


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def hub(request, tmp_path, pages):
    """A hub on either database, which starts with the pages as they are."""
    with ExitStack() as stack:
        here = request.param == "postgres"
        url = stack.enter_context(request.getfixturevalue("postgres_server").database()) if here else ""
        yield stack.enter_context(running_hub(tmp_path / "hub", SetClock(NOW), url))[0]


def logged(hub):
    with hub.database.read() as connection:
        rows = KeyStore(connection).documents(hub.origin, hub.origin, Release)
        assert HandoffLog(connection, hub.origin).head().size == 1 + len(rows)
    return [Release.from_envelope(Envelope.from_bytes(bytes(row["envelope"]), Release.TYPE)).release for row in rows]


def test_a_release_is_logged_once_whoever_asks_and_anew_when_it_changes(hub, pages):
    first = release.current().hash
    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(lambda _: log_release(hub), range(4))) == 1
    assert logged(hub) == [first]
    pages.change(releases.PAGE, "<title>Handover", "<title>Second")
    second = pages.release()
    assert log_release(hub)
    pages.change(releases.PAGE, "<title>Second", "<title>Handover")
    assert pages.release() == first
    assert log_release(hub)
    assert logged(hub) == [first, second, first]
    assert HubEntry.from_envelope(Envelope.from_bytes(own_entry(hub), HubEntry.TYPE)).host == hub.origin


def test_anybody_compares_what_is_served_with_the_log(place):
    hub, app, pages = place
    digits = fingerprint(hub.signer.public_key)
    with serving(app) as url:
        session = HubSession(url)
        log_release(hub)
        said, found = check_release(session, digits)
        assert (said.host, said.index, said.release) == (hub.origin, 1, release.current().hash)
        assert found == judged.Finding(judged.SAME)
        with pytest.raises(BadSignature):
            check_release(session, digits[::-1])
        pages.change("l/link.html", "<head>", "<head><script src=/evil></script>")
        assert check_release(session, digits)[1] == judged.Finding(judged.CHANGED, "l/link.html")
        pages.release()
        assert check_release(session, digits)[1].finding == judged.OTHER
        assert command("release", "check", url, "--fingerprint", digits, code=3)
        log_release(hub)
        told = json.loads(command("release", "check", url, "--fingerprint", digits, "--json"))
        assert (told["finding"], told["index"]) == ("same", 2)


def test_only_what_the_release_lists_is_served(place):
    hub, app, _ = place
    log_release(hub)
    client = Client(app)
    names = [file for file in release.current().files if file.startswith("app/")]
    for path in (*names, "app/release.json", "app/"):
        answer = client.get(f"/{path}")
        assert answer.status_code == 200, path
        asset = "/assets/" in path
        assert ("immutable" in answer.headers["Cache-Control"]) == asset
        again = client.get(f"/{path}", headers={"If-None-Match": answer.headers.get("ETag", '"x"')})
        assert again.status_code == (200 if asset else 304)
    for path in ("app/stamp", "app/..%2fstamp", "app/assets/app.js", "app/release.json.br", "app/index.html.gz"):
        assert client.get(f"/{path}").status_code == 404
    assert client.get("/api/v1/release?release=" + "A" * 43).status_code == 404


def test_the_page_may_do_little_and_all_that_it_names_at_once_has_its_hash(place):
    client = Client(place[1])
    page = client.get("/app/")
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'"
    )
    assert "require-trusted-types-for 'script'" in policy
    tags = re.findall(r'<(?:script|link rel="(?:stylesheet|modulepreload)")[^>]*>', page.text)
    assert len(tags) > 3
    for tag in tags:
        path, digest = re.search(r'(?:src|href)="([^"]+)" integrity="sha384-([^"]+)"', tag).groups()
        assert b64encode(sha384(client.get(f"/app/{path}").data).digest()).decode() == digest, path


def test_a_hub_without_pages_logs_nothing(place, tmp_path, monkeypatch):
    hub, _, _ = place
    monkeypatch.setattr(release, "DIST", tmp_path / "nowhere")
    release.current.cache_clear()
    assert not log_release(hub)
    assert logged(hub) == []


def test_the_app_is_written_for_another_origin(place, tmp_path):
    folder = tmp_path / "out"
    written = elsewhere.export(folder, ELSEWHERE)
    listed = judged.ReleaseList.from_bytes((folder / "release.json").read_bytes())
    assert listed.hash == written.hash == release.current().hash
    for file in listed.files:
        if not file.path.startswith("app/"):
            continue
        data = (folder / file.path.removeprefix("app/")).read_bytes()
        if file.path == releases.PAGE:
            assert f'<meta name="hub" content="{ELSEWHERE}">'.encode() in data
            data = data.replace(ELSEWHERE.encode(), b"")
        assert file.is_of(data), file.path
    assert f"connect-src 'self' {ELSEWHERE};" in (folder / "headers").read_text()
    answer = Client(elsewhere.application(ELSEWHERE)).get("/")
    assert f"connect-src 'self' {ELSEWHERE};" in answer.headers["Content-Security-Policy"]
    assert answer.data == (folder / "index.html").read_bytes()
    client = Client(elsewhere.application(ELSEWHERE))
    known = {"If-None-Match": client.get("/release.json").headers["ETag"]}
    assert client.get("/release.json", headers=known).status_code == 304
    coded = client.get("/sw.js", headers={"Accept-Encoding": "gzip, br"})
    assert (coded.headers["Content-Encoding"], coded.data) == ("br", (folder / "sw.js.br").read_bytes())
    assert [client.get(path).status_code for path in ("/headers", "/../hub.key", "/assets/")] == [404] * 3
    assert client.post("/").status_code == 404


def test_an_address_that_is_none_gets_no_app(place, tmp_path):
    with pytest.raises(InvalidRequest):
        HubSession("http://hub.example")
    command("app", "export", str(tmp_path / "out"), "--hub", "ftp://hub.example", code=2)


def test_an_operator_sees_the_release_and_what_peers_were_found_to_serve(place, tmp_path):
    hub, _, _ = place
    words = ("release", "show", "--data", tmp_path / "hub")
    assert "not logged yet" in command(*words)
    log_release(hub)
    assert json.loads(command(*words, "--json"))["logged"] is True
    with hub.database.write() as connection:
        ReleaseFindings(connection).put("there.example", some_hash("theirs"), 3, judged.CHANGED, "l/link.html", NOW)
    told = command(*words)
    assert "there.example" in told
    assert "l/link.html" in told
