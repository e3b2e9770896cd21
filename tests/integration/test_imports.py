"""Files taken into the service map: what they change, what they leave alone, and what survives a crash."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from sqlalchemy import distinct, func, select

from hub.clock import SetClock
from hub.directory.imports import chunks, jobs
from hub.directory.imports.export import export, records
from hub.directory.imports.jobs import run_imports
from hub.directory.imports.settle import said, settle
from hub.directory.imports.store import LEASE, Imports, State
from hub.directory.records.record import id_from
from hub.directory.servicemap.store import ServiceMap, map_due, map_postings, map_records
from hub.directory.servicemap.viewer import EVERYBODY, Viewer
from hub.directory.servicemap.write import Actor, Draft, apply, edited
from hub.directory.upkeep.store import Requests
from hub.directory.upkeep.store import State as Asked
from hub.errors import InvalidRequest
from tests.support import maps
from tests.support.files import feature, workbook
from tests.support.imports import COORDINATOR, Desk
from tests.support.shared import shared_data

OTHER = f"urn:rcp:agency:other@{maps.HOST}"
PROVIDER = frozenset({"provider"})
BY = Actor(maps.KEEPER, "n" * 22, "coordinator")


@pytest.fixture
def desk(database, tmp_path):
    return Desk.open(database, SetClock(maps.NOW), tmp_path)


@pytest.fixture
def kept(desk):
    with desk.hub.database.write() as connection:
        maps.populated(connection)
    return desk


def file(*features):
    return json.dumps(features).encode()


def advisor(desk, *features, day=maps.TODAY, **more):
    return desk.take(file(*features), "services-advisor", day, country="JO", zone="Asia/Amman", **more)


def edit(desk, record, **changes):
    with desk.hub.database.write() as connection:
        row = ServiceMap(connection).get(record)
        draft = Draft(row.kind, edited(row.document, changes), base_version=row.version)
        apply(connection, [draft], BY, host=maps.HOST, now=maps.NOW)


def rows(desk):
    with desk.hub.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(map_records))


ONE = id_from("A source", "1")


def test_a_dry_run_says_what_would_be_and_writes_nothing(desk):
    taken = advisor(desk, feature(), state=State.CHECK)
    assert taken.one.state is State.CHECKED
    assert taken.one.counts == {"provider": {"new": 1}, "site": {"new": 1}, "service": {"new": 1}}
    assert rows(desk) == 0


def test_after_the_dry_run_the_same_file_is_taken_in_and_forgotten(desk):
    taken = advisor(desk, feature(), state=State.CHECK)
    with desk.hub.database.write() as connection:
        Imports(connection).restart(taken.one.id)
        Imports(connection).change(taken.one.id, state=State.APPLY)
    run_imports(desk.hub)
    after = desk.taken(taken.one.id)
    assert after.one.state is State.DONE
    assert len(after.lines) == rows(desk) == 3
    with desk.hub.database.read() as connection:
        assert Imports(connection).file(taken.one.id) == b""


def test_the_same_file_again_changes_nothing(desk):
    advisor(desk, feature(), feature(2))
    before = desk.document(ONE)
    taken = advisor(desk, feature(), feature(2))
    assert {line.what for line in taken.lines} == {"unchanged"}
    assert desk.document(ONE) == before


def test_a_record_says_its_source_and_that_the_source_checked_it(desk):
    advisor(desk, feature(), licence="MIT", day="2026-03-01")
    document = desk.document(ONE)
    seen = {"name": "A source", "licence": "MIT", "key": "1", "seen": "2026-03-01", "vanished": None}
    assert document["source"] == seen
    assert document["verified"]["offer"] == {"on": "2026-03-01", "how": "source", "by": "A source"}


def test_a_newer_file_that_says_the_same_is_seen_and_changes_nothing_else(desk):
    advisor(desk, feature(), day="2026-02-01")
    taken = advisor(desk, feature(), day="2026-03-01")
    assert [line.what for line in taken.lines] == ["unchanged"] * 3
    assert desk.document(ONE)["source"]["seen"] == "2026-03-01"
    assert desk.document(ONE)["verified"]["offer"]["on"] == "2026-03-01"


def test_what_the_source_changed_is_taken_over(desk):
    advisor(desk, feature(), day="2026-02-01")
    taken = advisor(desk, feature(endDate="2027-06-30"), day="2026-03-01")
    (line,) = taken.of("changed")
    assert line.more["fields"] == ["attributes", "ends"]
    assert desk.document(ONE)["ends"] == "2027-06-30"


def test_what_a_coordinator_corrected_is_not_undone_by_the_next_file(desk):
    advisor(desk, feature(), day="2026-02-01")
    edit(desk, ONE, ends="2026-12-31", name="Health, corrected")
    taken = advisor(desk, feature(indicators={"Immunization": 1}), day="2026-03-01")
    (line,) = taken.of("changed")
    assert line.more["kept"] == ["ends", "name"]
    document = desk.document(ONE)
    assert (document["ends"], document["name"]) == ("2026-12-31", "Health, corrected")
    assert document["description"] == "Immunization"
    assert taken.one.counts["kept"] == {"service": 1}


def test_where_the_source_changed_it_too_the_source_counts_and_the_history_keeps_ours(desk):
    advisor(desk, feature(), day="2026-02-01")
    edit(desk, ONE, ends="2026-12-31")
    advisor(desk, feature(endDate="2027-06-30"), day="2026-03-01")
    assert desk.document(ONE)["ends"] == "2027-06-30"
    with desk.hub.database.read() as connection:
        newest = ServiceMap(connection).history(ONE)[0]
    assert newest.fields["ends"] == ["2026-12-31", "2027-06-30"]


def test_a_later_check_by_a_person_stays(desk):
    advisor(desk, feature(), day="2026-02-01")
    with desk.hub.database.write() as connection:
        row = ServiceMap(connection).get(ONE)
        document = {
            **row.document,
            "verified": {**row.document["verified"], "offer": {"on": "2026-03-02", "how": "call"}},
        }
        apply(connection, [Draft(row.kind, document)], BY, host=maps.HOST, now=maps.NOW)
    advisor(desk, feature(), day="2026-03-01")
    assert desk.document(ONE)["verified"]["offer"] == {"on": "2026-03-02", "how": "call"}


def test_what_a_source_no_longer_says_has_vanished_and_is_still_there(desk):
    advisor(desk, feature(), feature(2), day="2026-02-01")
    taken = advisor(desk, feature(2), day="2026-03-01")
    assert [line.record for line in taken.of("vanished")] == [ONE]
    source = desk.document(ONE)["source"]
    assert (source["seen"], source["vanished"]) == ("2026-02-01", "2026-03-01")
    assert advisor(desk, feature(2), day="2026-03-01").of("vanished") == []
    back = advisor(desk, feature(), feature(2), day="2026-03-02")
    assert back.of("vanished") == []
    assert desk.document(ONE)["source"]["vanished"] is None


def test_a_file_that_is_a_part_lets_nothing_vanish(desk):
    advisor(desk, feature(), feature(2), day="2026-02-01")
    taken = advisor(desk, feature(2), day="2026-03-01", whole=False)
    assert taken.of("vanished") == []


def test_words_in_another_language_are_added_to_what_is_there(desk):
    advisor(desk, feature())
    arabic = feature(activityName="خدمات صحية", indicators={})
    taken = advisor(desk, arabic, feature(9), language="ar")
    assert [line.what for line in taken.lines] == ["changed", "problem"]
    assert desk.document(ONE)["translations"]["ar"]["name"] == {"text": "خدمات صحية", "state": "human"}
    assert [line.what for line in advisor(desk, arabic, language="ar").lines] == ["unchanged"]
    advisor(desk, feature(activityName="Water access"))
    assert desk.document(ONE)["translations"]["ar"]["name"]["state"] == "outdated"


def test_a_place_is_given_the_area_in_which_it_lies(desk):
    advisor(desk, feature())
    document = desk.document(id_from("A source", "place:North Town"))
    assert document["area"].startswith("JO")


def hsds(*services):
    return "\n".join(json.dumps(service) for service in services).encode()


def full(key, **members):
    organization = {"id": maps.some_id("org"), "name": "Org", "description": ""}
    return {"id": maps.some_id(key), "name": key, "status": "active", "organization": organization, **members}


def test_a_row_that_is_no_record_holds_up_no_other(desk):
    taken = desk.take(hsds(full("a"), full("b", minimum_age=9, maximum_age=3), full("c")), "hsds-ndjson", source="H")
    assert Counter(line.what for line in taken.lines if line.kind == "service") == {"new": 2, "problem": 1}
    (wrong,) = taken.of("problem")
    assert [problem["code"] for problem in wrong.more["problems"]] == ["ages_reversed"]


def test_a_source_cannot_say_that_it_was_checked_or_by_whom_it_is_kept(desk):
    forged = {"verified": {"offer": {"on": "2026-03-02", "how": "visit", "by": "Us"}}, "source": {"name": "Us"}}
    desk.take(hsds(full("a", **forged)), "hsds-ndjson", "2026-01-01", source="H")
    document = desk.document(maps.some_id("a"))
    assert document["source"]["name"] == "H"
    assert document["verified"]["offer"]["on"] == "2026-01-01"


def test_a_source_cannot_change_what_another_agency_keeps(kept):
    victim = maps.service()
    taken = kept.take(hsds(full("Child health", name="Taken over", id=victim["id"])), "hsds-ndjson", agency=OTHER)
    assert [line.more["problems"][0]["code"] for line in taken.of("problem")] == ["not_ours"]
    assert kept.document(victim["id"])["name"] == "Child health"


def test_a_source_cannot_say_who_another_agency_is(desk):
    organization = {"id": maps.some_id("o"), "name": "O", "description": "", "agency": OTHER}
    taken = desk.take(hsds(full("a", organization=organization)), "hsds-ndjson")
    assert [line.more["problems"][0]["code"] for line in taken.lines] == ["not_ours", "no_provider"]
    assert rows(desk) == 0


def test_a_first_file_leaves_alone_what_people_wrote_here(kept):
    mine = maps.service()
    organization = {**maps.provider(), "name": "Another name"}
    taken = kept.take(
        hsds({**mine, "name": "Another name", "url": "https://new.example", "organization": organization}),
        "hsds-ndjson",
    )
    document = kept.document(mine["id"])
    assert (document["name"], document["url"]) == ("Child health", "https://new.example")
    assert "name" in taken.of("changed")[0].more["kept"]


def test_new_contact_details_of_a_source_wait_like_any_others(desk):
    desk.take(hsds(full("a", phones=[{"id": maps.some_id("p"), "number": "1"}])), "hsds-ndjson", "2026-02-01")
    taken = desk.take(hsds(full("a", phones=[{"id": maps.some_id("p"), "number": "2"}])), "hsds-ndjson", "2026-03-01")
    (line,) = taken.of("changed")
    assert line.more["held"] == ["phones"]
    assert desk.document(maps.some_id("a"))["phones"][0]["number"] == "1"


def test_a_file_that_is_none_of_its_form_fails_in_words(desk):
    taken = desk.take(b"{", "services-advisor")
    assert taken.one.state is State.FAILED
    assert "Services Advisor" in taken.one.error
    assert taken.lines == []


class PowerCut(Exception):
    """The process died."""


def test_after_a_crash_it_goes_on_where_it_was_and_repeats_nothing(desk, monkeypatch):
    monkeypatch.setattr(jobs, "CHUNK", 4)
    features = [feature(number, partnerName=f"P{number % 3}") for number in range(1, 12)]
    identity = desk.send(file(*features), "services-advisor", maps.TODAY, country="JO")
    whole, calls = chunks.take, []

    def dies(connection, run, items):
        calls.append(len(items))
        lines = whole(connection, run, items)
        if len(calls) == 3:
            raise PowerCut
        return lines

    monkeypatch.setattr(jobs, "take", dies)
    with pytest.raises(PowerCut):
        run_imports(desk.hub)
    half = desk.taken(identity)
    assert (half.one.state, half.one.done, len(half.lines)) == (State.APPLY, 8, 8)
    assert run_imports(desk.hub) == 0
    desk.hub.wire.forward(LEASE)
    monkeypatch.setattr(jobs, "take", whole)
    run_imports(desk.hub)
    done = desk.taken(identity)
    assert done.one.state is State.DONE
    assert {line.what for line in done.lines} == {"new"}
    assert len(done.lines) == done.one.total == rows(desk) == 15


def test_a_file_that_always_kills_its_reader_is_given_up(desk, monkeypatch):
    identity = desk.send(file(feature()), "services-advisor", maps.TODAY)

    def dies(*_given):
        raise PowerCut

    monkeypatch.setattr(jobs, "_read", dies)
    for _ in range(jobs.MAX_TRIES):
        with pytest.raises(PowerCut):
            run_imports(desk.hub)
        desk.hub.wire.forward(LEASE)
    run_imports(desk.hub)
    assert desk.taken(identity).one.state is State.FAILED
    assert run_imports(desk.hub) == 0


def test_files_that_nobody_takes_in_are_forgotten(desk):
    taken = advisor(desk, feature(), state=State.CHECK)
    desk.hub.clock.forward(jobs.KEEP_FILES + 1)
    run_imports(desk.hub)
    with desk.hub.database.read() as connection:
        assert Imports(connection).file(taken.one.id) == b""
    assert desk.taken(taken.one.id).one.state is State.FAILED


# Spreadsheets


def sheet(desk, *services, agency=maps.KEEPER, roles=COORDINATOR, **more):
    return desk.take(workbook(services=services), "xlsx", agency=agency, roles=roles, source="sheet", **more)


HEAD = ["id", "organization_id", "name", "needs", "alert"]


def test_who_keeps_a_record_changes_it_by_its_row(kept):
    one = maps.service()["id"]
    taken = sheet(kept, HEAD, [one, "", "", "", "Closed in May"])
    assert [line.more.get("fields") for line in taken.of("changed")] == [["alert"]]
    document = kept.document(one)
    assert document["alert"] == "Closed in May"
    assert "source" not in document


@pytest.mark.parametrize("state", [State.CHECK, State.APPLY])
def test_rows_of_a_provider_wait_as_change_requests_and_a_bad_one_is_named(kept, state):
    one, two = maps.service()["id"], maps.service("Lessons")["id"]
    given = [HEAD, [one, "", "", "", "Moved"], [two, "", "", "magic", ""]]
    taken = sheet(kept, *given, agency=OTHER, roles=PROVIDER, state=state)
    assert [line.what for line in taken.lines] == ["proposed", "problem"]
    assert taken.lines[1].more["problems"][0]["field"] == "needs"
    assert "alert" not in kept.document(one)
    with kept.hub.database.read() as connection:
        asked = Requests(connection).of_record([one], Asked.PROPOSED)
    assert [request.changes for request in asked] == ([{"alert": "Moved"}] if state is State.APPLY else [])


def test_the_same_sheet_from_a_provider_again_leaves_one_request(kept):
    one = maps.service()["id"]
    for _ in range(2):
        sheet(kept, HEAD, [one, "", "", "", "Moved"], agency=OTHER, roles=PROVIDER)
    with kept.hub.database.read() as connection:
        assert len(Requests(connection).of_record([one], Asked.PROPOSED)) == 1


def test_a_new_row_twice_is_one_record(kept):
    new = ["", maps.provider()["id"], "Night clinic", "health", ""]
    assert [line.what for line in sheet(kept, HEAD, new).lines] == ["new"]
    assert [line.what for line in sheet(kept, HEAD, new).lines] == ["unchanged"]


def test_a_new_service_of_nobody_is_reported(kept):
    taken = sheet(kept, HEAD, ["", maps.some_id("nobody"), "Night clinic", "health", ""])
    assert [line.more["problems"][0]["code"] for line in taken.lines] == ["no_provider"]


def hide(desk, record):
    edit(desk, record, visibility={"alert": "focal"}, alert="SYN hidden words")


def test_an_export_holds_nothing_that_the_asker_may_not_see(kept):
    hide(kept, maps.service()["id"])
    viewers = {"everybody": EVERYBODY, "other": Viewer(OTHER, COORDINATOR), "own": Viewer(maps.KEEPER, COORDINATOR)}
    for form in ("hsds-ndjson", "hsds-json", "csv", "hxl"):
        with kept.hub.database.read() as connection:
            found = {name: b"".join(export(connection, form, viewer)) for name, viewer in viewers.items()}
        for name in ("everybody", "other"):
            assert b"SYN hidden" not in found[name]
        assert (b"SYN hidden" in found["own"]) == form.startswith("hsds")


def test_a_sheet_of_somebody_who_cannot_see_a_field_does_not_undo_it(kept):
    one = maps.service()["id"]
    hide(kept, one)
    with kept.hub.database.read() as connection:
        data = b"".join(export(connection, "xlsx", Viewer(OTHER, PROVIDER)))
    taken = kept.take(data, "xlsx", agency=OTHER, roles=PROVIDER, source="sheet")
    assert {line.what for line in taken.lines} == {"unchanged"}
    assert kept.document(one)["alert"] == "SYN hidden words"


@pytest.mark.parametrize("form", ["hsds-ndjson", "hsds-datapackage", "csv"])
def test_that_a_service_is_given_at_a_hidden_site_is_in_no_export_and_no_sheet_undoes_it(kept, form):
    place = maps.site("Refuge", visibility={"*": "focal"})
    service = maps.service(at=(maps.site(), place))
    with kept.hub.database.write() as connection:
        maps.put(connection, place, service)
    hidden = maps.provider("Hidden", visibility={"*": "focal"})
    with kept.hub.database.write() as connection:
        maps.put(connection, hidden, maps.service("SYN of the hidden", hidden, ()))
    with kept.hub.database.read() as connection:
        held = records(connection, Viewer(OTHER, PROVIDER))
        data = b"".join(export(connection, form, Viewer(OTHER, PROVIDER)))
    assert place["id"] not in str(held)
    assert "SYN of the hidden" not in str(held)
    if form == "csv":
        taken = kept.take(data, "csv", agency=OTHER, roles=PROVIDER, source="sheet")
        assert {line.what for line in taken.lines} == {"unchanged"}
    assert len(kept.document(service["id"])["service_at_locations"]) == 2


def test_nothing_is_written_in_a_format_that_is_only_read(kept):
    with kept.hub.database.read() as connection, pytest.raises(InvalidRequest):
        export(connection, "services-advisor", EVERYBODY)


# Rules


def test_a_member_that_the_source_never_had_is_ours():
    before = said({"id": "x", "name": "a"})
    settled = settle({"id": "x", "name": "b"}, {"id": "x", "name": "a", "alert": "ours"}, before, ours=True)
    assert settled.document == {"id": "x", "name": "b", "alert": "ours"}


def test_a_member_that_the_source_took_away_goes_unless_we_changed_nothing_else():
    before = said({"id": "x", "name": "a", "alert": "theirs"})
    settled = settle({"id": "x", "name": "a"}, {"id": "x", "name": "a", "alert": "theirs"}, before, ours=True)
    assert settled.document == {"id": "x", "name": "a"}


def test_a_member_that_we_took_away_stays_away_and_is_said():
    before = said({"id": "x", "name": "a", "alert": "theirs"})
    settled = settle({"id": "x", "name": "a", "alert": "theirs"}, {"id": "x", "name": "a"}, before, ours=True)
    assert settled.document == {"id": "x", "name": "a"}
    assert settled.kept == ("alert",)


# The real files


def jordan(desk, name, day, language="en"):
    data = shared_data(f"directory/unhcr-jordan/services_{name}.json").read_bytes()
    origin = {"source": "UNHCR Jordan", "licence": "MIT", "country": "JO", "zone": "Asia/Amman", "language": language}
    return desk.take(data, "services-advisor", day, **origin)


def shown(desk, day):
    c = map_postings.c
    with desk.hub.database.read() as connection:
        return connection.scalar(select(func.count(distinct(c.service))).where(c.shown_until >= day))


def test_jordan_in_march_and_in_july_2015(desk):
    """28 features differ in the published copy; the five that make 33 differ only in comments, which it leaves out."""
    march = jordan(desk, "2015-03-22_en", "2015-03-22")
    assert march.one.counts["service"] == {"new": 562}
    assert march.one.counts["problems"]["duplicate_id"] == 13
    assert shown(desk, "2015-03-22") == 108
    with desk.hub.database.read() as connection:
        offers = map_due.c.grp == "offer"
        assert connection.scalar(select(func.count()).select_from(map_due).where(offers)) >= 454
    arabic = jordan(desk, "2015-03-22_ar", "2015-03-22", "ar")
    assert arabic.one.counts["service"] == {"changed": 562}
    july = jordan(desk, "2015-07-06_en", "2015-07-06")
    assert july.one.counts["service"] == {"new": 29, "vanished": 17, "changed": 28, "unchanged": 517}
    again = jordan(desk, "2015-07-06_en", "2015-07-06")
    assert again.one.counts["service"] == {"unchanged": 574}
    translated = [line.record for line in arabic.lines][:5]
    assert all("ar" in desk.document(record)["translations"] for record in translated)


def test_claimed_presence_is_in_no_result_and_checked_by_nobody(desk):
    data = shared_data("directory/hdx-3w/afg_3w_2024-01_03.csv").read_bytes()
    taken = desk.take(data[:60_000].rpartition(b"\n")[0], "hxl", "2024-03-31", source="AFG", country="AF")
    services = taken.of("new")
    assert len(services) > 100
    assert "verified" not in desk.document(services[0].record)
    assert shown(desk, "2024-03-31") == 0
    with desk.hub.database.read() as connection:
        claimed = select(func.count(distinct(map_postings.c.service))).where(map_postings.c.claimed)
        assert connection.scalar(claimed) == len(services)


# Attacks


SPOILT = {
    "half a character": {"name": "\ud800"},
    "a nought": {"name": "a\x00b", "description": "\x00"},
    "places that are words": {"service_at_locations": ["here"]},
    "a place that is a number": {"service_at_locations": 3},
    "a number as owner": {"organization_id": 3},
    "a list as agency": {"agency": ["urn:rcp:agency:x@y"]},
    "a word as status": {"status": "open"},
    "far too much": {"description": "x" * 300_000},
}


@pytest.mark.parametrize("spoilt", SPOILT.values(), ids=SPOILT)
def test_a_spoilt_row_never_stops_a_file(desk, spoilt):
    rows_of_file = (full("a"), {**full("b"), **spoilt}, full("c"))
    data = "\n".join(json.dumps(row) for row in rows_of_file).encode()
    taken = desk.take(data, "hsds-ndjson", source="H")
    assert taken.one.state is State.DONE, taken.one.error
    found = {line.record: line.what for line in taken.lines if line.kind == "service"}
    assert found[maps.some_id("a")] == found[maps.some_id("c")] == "new"


def test_a_key_that_no_column_holds_is_known_by_its_digest(desk):
    for _ in range(2):
        taken = advisor(desk, feature(partnerName="P" * 900), feature("k\x00" * 300))
        assert taken.one.state is State.DONE
    assert {line.what for line in taken.lines} == {"unchanged"}
