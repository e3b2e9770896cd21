"""A service map for the app's screens: fresh and old records, a hidden place, requests, a pair, files, gaps."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from hub.directory.areas.store import Areas
from hub.directory.gaps.summary import count_gaps
from hub.directory.imports.jobs import run_imports
from hub.ids import random_id
from hub.packets.encoding import canonical, parse_json
from hub.packets.multipart import Body
from hub.reports.document import Counts, sign_counts
from hub.reports.domain import Fact
from hub.reports.suppression import suppress

if TYPE_CHECKING:
    from hub.client.member import Member
    from tests.support.world import Served

PATH = "/api/v1/directory"
AREAS = ("ET-AA", "ET-AM", "ET-OR", "ET-TI")
_WEEK = [{"days": ["MO", "TU", "WE", "TH", "FR"], "opens": "08:30", "closes": "17:00"}]
_HOURS = {"zone": "Africa/Addis_Ababa", "week": _WEEK}
_BANDS = [{"age_from": 0, "age_to": 17, "sexes": ["female"], "situations": "any"}]


def mapped(served: Served, keeper: Member, proposer: Member, said: str = "") -> dict[str, str]:
    """Fill the map of a hub as a coordinator keeps it; return ids by word. `said` stands before every free text."""
    text = f"{said} ".lstrip() + "{}"
    with served.hub.database.write() as connection:
        Areas(connection).ensure("ET")
    ids = _records(keeper, text)
    ids["request"] = _proposals(proposer, ids, text)
    ids["pair"] = _pair(keeper, text)
    ids["import"] = _file(keeper, text)
    run_imports(served.hub)
    count_gaps(served.hub)
    return ids


def _records(keeper: Member, text: str) -> dict[str, str]:
    """One service that fits and is fresh, at a hidden place; one checked by nobody; one that is full elsewhere."""
    own = _put(
        keeper, "provider", name=text.format("SYN Transit Centre"), kind="io", country="ET", agency=keeper.agency
    )
    other = _put(keeper, "provider", name=text.format("SYN Youth House"), kind="ngo", country="ET")
    site = _put(
        keeper,
        "site",
        name=text.format("SYN Transit Centre, Bole"),
        location_type="physical",
        area="ET-AA",
        latitude=9.0123,
        longitude=38.7512,
        visibility={"addresses": "focal", "latitude": "focal"},
        access_point={"description": text.format("SYN desk, hall 2"), "latitude": 8.98, "longitude": 38.79},
    )
    far = _put(
        keeper, "site", name=text.format("SYN Bahir Dar"), location_type="physical", area="ET-AM", **_at(11.59, 37.39)
    )
    given = {
        "status": "active",
        "organization_id": own,
        "description": text.format("A bed, a meal, and somebody who listens."),
        "needs": ["reception", "mhpss_basic"],
        "phones": [{"number": "+251 11 000 0001"}],
        "focal_point": {"title": text.format("SYN duty desk"), "agency": keeper.agency},
        "eligibility": {"bands": _BANDS, "nationalities": "any", "statuses": "any", "note": text.format("Come early.")},
        "hours": _HOURS,
        "capacity": {"state": "capacity", "available": 6},
        "coverage": {"areas": ["ET-AA"]},
        "languages": [{"code": "am"}, {"code": "ti"}],
        "free": True,
    }
    service = _put(
        keeper,
        "service",
        name=text.format("Reception of children who return alone"),
        **{**given, "service_at_locations": [{"location_id": site}]},
    )
    full = {**given, "capacity": {"state": "no_capacity"}, "service_at_locations": [{"location_id": far}]}
    _put(keeper, "service", name=text.format("Night shelter"), **{**full, "coverage": {"areas": ["ET-AM"]}})
    old = {"status": "active", "organization_id": other, "needs": ["reception"], "coverage": {"areas": ["ET-OR"]}}
    unchecked = _put(keeper, "service", how=None, name=text.format("Youth hostel"), **old)
    return {"service": service, "unchecked": unchecked, "provider": own, "site": site}


def _proposals(proposer: Member, ids: dict[str, str], text: str) -> str:
    """Somebody who offers the service says what is other now: one thing is taken at once, the telephone waits."""
    changes = {
        "description": text.format("A bed and a meal. Families too."),
        "capacity": {"state": "waitlist", "available": 0},
        "phones": [{"number": "+251 11 000 0002"}],
    }
    asked = {"kind": "service", "record": ids["service"], "changes": changes, "note": text.format("As of Monday.")}
    return str(proposer.hub.post(f"{PATH}/requests", asked)["id"])


def _pair(keeper: Member, text: str) -> str:
    """Two providers of one name."""
    more = {"kind": "ngo", "country": "ET", "phones": [{"number": "+251 11 000 0009"}]}
    _put(keeper, "provider", name=text.format("SYN Care for Children Ethiopia"), **more)
    _put(keeper, "provider", name=text.format("SYN Care for Children in Ethiopia"), acronym="CCE", **more)
    keeper.hub.post(f"{PATH}/pairs/propose", {"kind": "provider"})
    return str(keeper.hub.post(f"{PATH}/pairs/list", {})["items"][0]["id"])


def counted(member: Member, month: str) -> None:
    """Publish a month in which forty needs were sought help for; some classes are too small to be told."""
    facts = [
        Fact(month, "reception", "ET-AA", "12-14", sex, ending, grade="signed")
        for sex, ending, many in (
            ("female", "yes", 14),
            ("male", "yes", 12),
            ("female", "declined", 11),
            ("male", "no", 3),
        )
        for _ in range(many)
    ]
    document = sign_counts(Counts(member.agency, month, member.clock.now(), suppress(facts)), member.signer)
    member.hub.put("/api/v1/reports/counts", {"counts": parse_json(document.to_bytes())})


def table(text: str) -> bytes:
    """Return a file for providers of which one row is good and one is not."""
    out = io.StringIO()
    rows = [
        ["id", "name", "kind", "country"],
        ["", text.format("SYN Clinic"), "ngo", "ET"],
        ["", "Half", "circus", "ET"],
    ]
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def _file(keeper: Member, text: str) -> str:
    body = Body(random_id())
    body.add("about", canonical({"format": "csv", "source": {"name": "SYN list"}, "dry_run": True}))
    body.add("file", table(text))
    return str(keeper.hub.submit(f"{PATH}/imports", body)["id"])


def _at(latitude: float, longitude: float) -> dict[str, float]:
    return {"latitude": latitude, "longitude": longitude}


def _put(keeper: Member, record: str, how: str | None = "visit", **document: Any) -> str:
    known = {"how": how} if how else {}
    return str(keeper.hub.post(f"{PATH}/records", {"kind": record, "document": document, **known})["id"])
