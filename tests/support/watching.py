"""Everything that the service map says to somebody, read over HTTP as an outsider would, in one comparable form."""

from __future__ import annotations

import io
import json
import zipfile
from itertools import count
from typing import TYPE_CHECKING, Any

import openpyxl
import requests

from hub.directory.feed.document import PARTS, read_page
from hub.directory.feed.publish import page, publish_feed
from hub.directory.formats.registry import WRITABLE
from hub.directory.gaps.summary import count_gaps
from hub.directory.records.slices import read_slice
from hub.directory.records.visibility import PARTNERS, PUBLIC
from hub.errors import HubError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hub.client.member import Member
    from tests.support.world import Served

API = "/api/v1/directory"
HSDS = ("services", "organizations", "service_at_locations", "taxonomies", "taxonomy_terms")
AREAS = ("XA", "XA1", "XA2", "XA11", "XA12")
WORDS = ("", "house", "hill clinic", "zanzibra", "zanzibar", "911777", "canary", "refuge in south", "housing")
POINTS = ((1.2, 30.0, 60.0), (-1.52, 30.77, 1.0), (-1.0, 30.0, 300.0))
NEEDS = ("housing", "health", "education")


def settle(served: Served) -> None:
    """Let the hub's own jobs do what a change makes due."""
    count_gaps(served.hub)
    publish_feed(served.hub)


def answers(served: Served, member: Member, ids: Sequence[str] = ()) -> dict[str, Any]:
    """Return all that a member of an agency is told, by question. `ids`: what they ask for by name."""
    found = dict(_asked(served, member, ids))
    return {name: _plain(value) for name, value in found.items()}


def public_answers(served: Served, ids: Sequence[str] = ()) -> dict[str, Any]:
    """Return all that anybody is told who has no account, peers too."""
    found: dict[str, Any] = {}
    for kind in HSDS:
        for more in (
            {},
            {"full": "true"},
            {"format": "ndjson"},
            {"search": "zanzibar"},
            {"per_page": "1", "page": "2"},
        ):
            found[f"{kind} {more}"] = requests.get(f"{served.url}/hsds/{kind}", params=more, timeout=20).text
        found[f"POST {kind}"] = requests.post(f"{served.url}/hsds/{kind}", json={"per_page": 2}, timeout=20).text
    for lat, lon, km in POINTS:
        around = {"lat": lat, "lon": lon, "proximity": km * 1000}
        for kind in ("services", "service_at_locations"):
            found[f"{kind} at {lat}"] = requests.get(f"{served.url}/hsds/{kind}", params=around, timeout=20).text
    for kind in ("services", "organizations"):
        found[f"{kind} since"] = requests.get(
            f"{served.url}/hsds/{kind}", params={"modified_after": "2001-01-01"}, timeout=20
        ).text
    found["nested"] = requests.get(f"{served.url}/hsds/organizations", params={"full_service": "true"}, timeout=20).text
    for kind in HSDS:
        for one in ids:
            found[f"{kind}/{one}"] = requests.get(f"{served.url}/hsds/{kind}/{one}", timeout=20).status_code
    found["feed"] = _feed(
        served, requests.get(f"{served.url}/map/feed", params={"after": 0}, timeout=20).content, PUBLIC
    )
    found["peer"] = _feed(served, page(served.hub, PARTNERS, 0), PARTNERS)
    return found


def differences(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return the questions that were answered in two ways."""
    return {
        name: (one.get(name), other.get(name)) for name in one.keys() | other.keys() if one.get(name) != other.get(name)
    }


def _asked(served: Served, member: Member, ids: Sequence[str]) -> Iterator[tuple[str, Any]]:
    yield from _slices(served, member)
    for text in WORDS:
        for after in range(3):
            asked = {"text": text, "include_stale": True, "limit": 1, "after": after}
            yield f"search {text} {after}", _ask(member, "search", asked)
    for needs in NEEDS:
        yield f"search need {needs}", _ask(member, "search", {"needs": [needs], "include_stale": True})
        yield f"gap map {needs}", _ask(member, "gaps/map", {"country": "XA", "needs": [needs]})
    for level in range(3):
        yield f"gaps {level}", _ask(member, "gaps", {"country": "XA", "level": level})
    yield "gaps csv", _ask(member, "gaps/csv", {"country": "XA", "level": 2})
    yield from _records(member)
    for name, asked in (
        ("due", {}),
        ("requests/list", {}),
        ("pairs/list", {}),
        ("counterparts", {"countries": ["XA", "ET"]}),
    ):
        yield name, _ask(member, name, asked)
    yield "pairs", _ask(member, "pairs/propose", {"kind": "provider"})
    yield "pairs of services", _ask(member, "pairs/propose", {"kind": "service"})
    yield "directory", member.hub.get(API)
    for form in WRITABLE:
        yield f"export {form}", _file(member, form)
    for one in ids:
        yield from _by_id(member, one)


def _slices(served: Served, member: Member) -> Iterator[tuple[str, Any]]:
    key = served.hub.signer.public_key
    places = [{"area": code} for code in AREAS]
    places += [{"point": {"lat": lat, "lon": lon, "km": km}} for lat, lon, km in POINTS]
    for need in NEEDS:
        for where in places:
            said = member.hub.post(f"{API}/slice", {"need": need, "stale": True, **where})["slice"]
            value = read_slice(json.dumps(said).encode(), served.hub.origin, key)
            yield f"slice {need} {where}", {name: value[name] for name in ("candidates", "total", "after", "areas")}


def _records(member: Member) -> Iterator[tuple[str, Any]]:
    after = ""
    for number in count():
        said = _ask(member, "records/list", {"after": after, "limit": 2})
        yield f"records {number}", said
        if said["after"] is None:
            return
        after = said["after"]


def _by_id(member: Member, one: str) -> Iterator[tuple[str, Any]]:
    for path in (f"records/{one}", f"records/{one}/history"):
        yield path, _refused(lambda path=path: member.hub.get(f"{API}/{path}"))
    writes = {
        f"records/{one}/verify": {"how": "call"},
        "service": {"service": one},
        "links": {"record": one, "by": "hand"},
        "renew": {"records": {one: 1}, "groups": None, "how": "call", "dry_run": True},
    }
    writes |= {
        f"proposed {kind}": {"kind": kind, "record": one, "note": "x"} for kind in ("service", "site", "provider")
    }
    for path, asked in writes.items():
        to = "requests" if path.startswith("proposed") else path
        yield f"{path} {one}", _refused(lambda to=to, asked=asked: member.hub.post(f"{API}/{to}", asked))
    changes = {"base_version": 1, "changes": {"name": "Mine"}}
    yield f"patch {one}", _refused(lambda: member.hub.patch(f"{API}/records/{one}", changes))


def _ask(member: Member, path: str, asked: dict[str, Any]) -> Any:
    return _refused(lambda: member.hub.post(f"{API}/{path}", asked))


def _refused(ask: Any) -> Any:
    try:
        return ask()
    except HubError as error:
        return [type(error).__name__, error.detail]


def _file(member: Member, form: str) -> Any:
    sink = io.BytesIO()
    member.hub.download(f"{API}/export", sink, 50_000_000, value={"format": form})
    data = sink.getvalue()
    if not data.startswith(b"PK"):
        return data.decode()
    if "xlsx" in form:
        sheets = openpyxl.load_workbook(sink).worksheets
        return [[list(map(str, row)) for row in sheet.iter_rows(values_only=True)] for sheet in sheets]
    with zipfile.ZipFile(sink) as parts:
        return {name: parts.read(name).decode() for name in parts.namelist()}


def _feed(served: Served, data: bytes, part: int) -> Any:
    value = read_page(
        data, served.hub.origin, served.hub.signer.public_key, part=PARTS[part], after=0, now=served.hub.clock.now()
    )
    return {name: value[name] for name in ("to", "more", "records", "gone", "digest")}


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, sort_keys=True))
