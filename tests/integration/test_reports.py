"""Statistics over two hubs: one's own exactly, others in bands, and months that are published once."""

from __future__ import annotations

import csv
import json
from base64 import b64decode

import pytest

from hub.cli.main import run
from hub.client import counts, outcomes, records, referrals, unmet
from hub.client.outcomes import Asked
from hub.client.referrals import Outgoing
from hub.clock import SetClock
from hub.directory.gaps.store import GapStore
from hub.errors import BadSignature, Conflict, Forbidden, InvalidRequest
from hub.federation.counts import pull_counts
from hub.packets.encoding import canonical, parse_json
from hub.reports.document import Counts, sign_counts, stated
from hub.reports.domain import GRADES, band, month_of
from hub.reports.suppression import suppress
from hub.reports.taking import take
from tests.conftest import NOW
from tests.support.counting import MONTH, facts
from tests.support.web_modules import CLIENT, WebModules, text
from tests.support.world import PASSPHRASE, SECTIONS, populated, reception, world

HOME, AWAY = "dj.example", "et.example"
DAY = 86_400
REPORTS = "/api/v1/reports"
THIS_MONTH = month_of(NOW)


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, AWAY) as made:
        yield populated(made, HOME, AWAY)


@pytest.fixture
def amina(places):
    return places.members["amina"]


@pytest.fixture
def hana(places):
    return places.members["hana"]


def refer(places, amina, hana, *steps):
    held = reception(amina, places.clock, hana.agency)
    handoff = referrals.send(amina, Outgoing(hana.agency, SECTIONS, held, "reception", "urgent")).handoff
    places.run()
    for step, said in steps:
        places.clock.forward(600)
        referrals.take(hana, handoff, step, **said)
        places.run()
    return handoff


def signed(member, seed, month=MONTH, many=300, agency=None):
    document = Counts(agency or member.agency, month, NOW, suppress(facts(seed, many, month)))
    return parse_json(sign_counts(document, member.signer).to_bytes())


def put(member, document):
    return member.hub.put(f"{REPORTS}/counts", {"counts": document})


def told(member, month=THIS_MONTH):
    return member.hub.get(f"{REPORTS}/timeliness", month=month)["corridors"]


def lines(file):
    with file.open() as source:
        return list(csv.DictReader(source))


def test_an_agency_sees_its_own_times_by_corridor_on_both_sides(places, amina, hana):
    help_came = {"got_help": "yes", "services": ["reception"], "text": "SYN came."}
    handoff = refer(
        places,
        amina,
        hana,
        ("acknowledge", {}),
        ("accept", {"first_contact": "2026-12-01"}),
        ("start", {"contact": "2026-11-24"}),
        ("report_outcome", help_came),
    )
    sent, received = told(amina)[0], told(hana)[0]
    assert (sent["direction"], sent["from"], sent["to"]) == ("sent", "DJ", "ET")
    assert (received["direction"], received["from"], received["to"]) == ("received", "DJ", "ET")
    assert sent["referrals"] == sent["delivered"] == received["referrals"]
    assert sent["answered"] == sent["answered_in_time"] == 1
    refer(places, amina, hana)
    assert [told(amina)[0][name] - sent[name] for name in ("referrals", "answered", "open")] == [1, 0, 1]
    times = sent["times"]
    assert times["answer"]["median"] < times["decision"]["median"] < times["outcome"]["median"]
    assert sent["grades"]["signed"] >= 1
    outcomes.close(amina, handoff, [Asked("child", "phone", "2026-11-24", "yes")])
    assert told(amina)[0]["states"]["loop_closed"] == 1
    assert told(amina, "2026-01") == []


def test_what_ran_late_shows_its_rungs_and_the_board_shows_bands(places, amina, hana):
    refer(places, amina, hana)
    places.clock.forward(2 * DAY)
    places.run()
    assert sum(told(amina)[0]["rungs"].values()) >= 1
    board = amina.hub.get(f"{REPORTS}/chase-board")["agencies"]
    rows = {row["agency"]: row for row in board}
    assert rows[hana.agency] == {"agency": hana.agency, "band": "few", "waiting": None}
    assert rows[amina.agency] == {"agency": amina.agency, "band": band(0), "waiting": 0}
    assert {row["waiting"] for row in board if row["agency"] != amina.agency} == {None}
    places.clock.forward(200 * DAY)
    since = amina.hub.get(f"{REPORTS}/chase-board")["since"]
    assert since > NOW + 60 * DAY
    places.clock.at = NOW + 3 * DAY


def test_a_month_is_published_once_and_its_bytes_stay(amina):
    document = signed(amina, 1)
    first = put(amina, document)
    assert put(amina, document) == first
    with pytest.raises(Conflict):
        put(amina, signed(amina, 2))
    assert amina.hub.get(f"{REPORTS}/counts", month=MONTH)["own"] == document


def test_only_its_own_agency_publishes_and_only_who_may(places, amina):
    month = "2026-04"
    with pytest.raises(Forbidden):
        put(amina, signed(amina, 1, month, agency=places.members["daher"].agency))
    with pytest.raises(BadSignature):
        put(amina, signed(places.members["daher"], 1, month, agency=amina.agency))
    worker = places.join(amina, "worker", {"caseworker"})
    with pytest.raises(Forbidden):
        put(worker, signed(worker, 1, month))
    with pytest.raises(BadSignature):
        put(amina, signed(worker, 1, month))
    with pytest.raises(Forbidden):
        worker.hub.get(f"{REPORTS}/timeliness", month=month)


def test_peers_take_each_document_themselves_and_join_what_is_told(places, amina, hana):
    month = "2026-03"
    put(amina, signed(amina, 3, month))
    put(hana, signed(hana, 4, month))
    for served in places.hubs.values():
        pull_counts(served.hub)
        assert pull_counts(served.hub) == 0
    here, there = (member.hub.get(f"{REPORTS}/counts", month=month) for member in (amina, hana))
    assert {row["class"] for row in here["rows"]} == {None}
    by_ending = amina.hub.get(f"{REPORTS}/counts", month=month, split="ending")["rows"]
    assert here["rows"] == there["rows"]
    assert (here["agencies"], here["rows"][0]["sought"]) == (2, 600)
    assert here["own"] != there["own"]
    assert by_ending
    assert all(row["grades"].keys() <= set(GRADES) for row in by_ending)
    for row in here["rows"] + by_ending:
        assert row["count"] is None or row["count"] >= 10
        assert row["least"] >= 10


def test_a_peer_cannot_make_up_counts_of_its_agencies(places, amina, hana):
    month, database = "2026-02", places.hubs[HOME].hub.database
    counted = Counts(hana.agency, month, NOW, suppress(facts(5, 300, month)))
    forged = sign_counts(counted, places.hubs[AWAY].hub.signer)
    with pytest.raises(BadSignature):
        take(database, forged.to_bytes(), NOW)


def test_unmet_need_of_a_month_comes_from_one_place(places, amina):
    month = "2026-01"
    rows = [{"area": "XX", "need": "health", "group": "all", "count": 20}]
    with places.hubs[HOME].hub.database.write() as connection:
        assert GapStore(connection).say_once(amina.agency, month, "a file of counts")
    document = signed(amina, 6, month, 900)
    assert any("unmet" in row.told for row in stated(canonical(document)).rows.values())
    with pytest.raises(Conflict, match="as a file"):
        put(amina, document)
    bare = suppress(facts(6, 900, month), but=["unmet"])
    put(amina, parse_json(sign_counts(Counts(amina.agency, month, NOW, bare), amina.signer).to_bytes()))
    with pytest.raises((Conflict, InvalidRequest)):
        amina.hub.put("/api/v1/directory/unmet", {"month": month, "rows": rows})


def test_a_client_counts_its_own_records_and_sends_the_same_bytes_again(places, amina, hana):
    handoff = refer(places, amina, hana)
    unmet.note(amina, {"need": "health", "area": "ET.AA", "age_band": "6-11", "reason": "no_service"})
    found = counts.facts(amina, THIS_MONTH)
    assert [fact.path for fact in found if fact.ending == "nowhere"] == [("health", "ET.AA", "6-11", "others")]
    assert len([fact for fact in found if fact.ending != "nowhere"]) == told(amina)[0]["referrals"]
    assert handoff not in repr(found)
    with pytest.raises(InvalidRequest):
        counts.publish(amina, THIS_MONTH)
    first = counts.publish(amina, "2025-12")
    kept = [row for row in records.listing(amina, counts.KIND) if row.value["month"] == "2025-12"]
    places.clock.forward(DAY)
    assert counts.publish(amina, "2025-12") == first
    assert len(kept) == len([r for r in records.listing(amina, counts.KIND) if r.value["month"] == "2025-12"]) == 1
    helper = places.join(amina, "helper", {"caseworker"})
    with pytest.raises(Forbidden):
        counts.publish(helper, "2025-11")


def test_statistics_on_the_command_line(places, amina, hana, tmp_path, monkeypatch, capsys):
    refer(places, amina, hana)
    secret = tmp_path / "passphrase"
    secret.write_text(PASSPHRASE)
    clock = tmp_path / "clock.json"
    clock.write_text(json.dumps({"at": places.clock.now(), "since": 0, "factor": 0}))
    monkeypatch.setenv("HUB_CLOCK_FILE", str(clock))

    def says(*words):
        assert run(["--profile", str(amina.profile.folder), "--passphrase-file", str(secret), *map(str, words)]) == 0
        return capsys.readouterr().out

    assert "DJ-ET" in says("statistics", "--month", THIS_MONTH)
    assert "few" in says("chase-board")
    file = tmp_path / "times.csv"
    says("statistics", "--month", THIS_MONTH, "--csv", file)
    assert {"direction", "answered_in_time", "answer.median"} <= set(lines(file)[0])
    assert "is published" in says("counts", "publish", "--month", "2025-10")
    document = signed(amina, 9, "2025-09")
    put(amina, document)
    shown = says("counts", "show", "--month", "2025-09", "--split", "ending")
    assert "health" in shown
    says("counts", "show", "--month", "2025-09", "--csv", file)
    assert len(lines(file)) == len(stated(canonical(document)).rows)


@pytest.fixture(scope="module")
def apart(tmp_path_factory):
    """A hub of its own: what is counted here is in nobody else's figures."""
    with world(tmp_path_factory.mktemp("apart"), SetClock(NOW), HOME) as made:
        amina = made.found(HOME, "shelter", "shelter", "DJ", "amina")
        made.found(HOME, "addis", "io", "ET", "hana")
        made.train(amina, made.join(amina, "trainer", {"agency_admin"}))
        yield made


@pytest.fixture(scope="module")
def browser(apart):
    amina = apart.members["amina"]
    with WebModules(CLIENT.with_name("web_referrals.mjs")) as node:

        def ask(question, **given):
            return node.ask(question, name="amina", **given)

        account, device = amina.account, text(amina.profile.device.value)
        known = {"url": account.url, "login": account.login, "passphrase": PASSPHRASE}
        assert "ok" in ask("sign_in", device=device, now=NOW, **known)
        yield ask


def told_alike(fact):
    names = ("service", "area", "age_band", "sex", "ending", "reason", "again", "unmet", "grade")
    return {name: getattr(fact, name) for name in names} | {"barriers": sorted(fact.barriers)}


def test_a_browser_counts_the_same_records_and_what_one_published_the_other_does_not_count_again(apart, browser):
    amina, hana = apart.members["amina"], apart.members["hana"]
    back = refer(apart, amina, hana, ("decline", {"code": "no_capacity"}))
    unmet.resolve(amina, back, {"need": "housing", "barriers": ["cost", "distance"]})
    unmet.note(amina, {"need": "health", "area": "ET.AA", "age_band": "6-11", "sex": "female", "reason": "no_service"})
    refer(apart, amina, hana)
    found = browser("count_facts", month=THIS_MONTH)["ok"]
    assert {"declined", "open", "nowhere"} <= {one["ending"] for one in found}
    counted = [told_alike(fact) for fact in counts.facts(amina, THIS_MONTH)]
    assert sorted(found, key=repr_of) == sorted(counted, key=repr_of)
    assert browser("publish_counts", month=THIS_MONTH) == {"refused": "invalid_request"}
    assert browser("publish_counts", month="2025-11") == {"ok": None}
    here = amina.hub.get(f"{REPORTS}/counts", month="2025-11")["own"]
    counts.publish(amina, "2025-11")
    assert amina.hub.get(f"{REPORTS}/counts", month="2025-11")["own"] == here
    counts.publish(amina, "2025-08")
    assert browser("publish_counts", month="2025-08", but=["unmet"]) == {"ok": None}


def test_a_browser_publishes_the_rows_that_were_looked_at_and_no_others(apart, browser):
    amina, month = apart.members["amina"], "2025-07"
    rows = parse_json(b64decode(signed(amina, 6, month, 900)["payload"]))["rows"]
    assert browser("publish_counts", month=month, rows=rows) == {"ok": None}
    own = amina.hub.get(f"{REPORTS}/counts", month=month)["own"]
    assert parse_json(b64decode(own["payload"]))["rows"] == rows
    assert browser("publish_counts", month=month, rows=[]) == {"refused": "stale_version"}


def repr_of(fact):
    return json.dumps(fact, sort_keys=True)


@pytest.mark.parametrize("month", ["2025-10", "2025-09"])
def test_what_the_hub_does_not_take_is_published_without_the_part_that_it_minds(apart, browser, month):
    amina = apart.members["amina"]

    def publish(*but):
        if month == "2025-10":
            counts.publish(amina, month, but)
        elif browser("publish_counts", month=month, but=but) == {"refused": "conflict"}:
            raise Conflict("The unmet need was sent as a file.")

    with apart.hubs[HOME].hub.database.write() as connection:
        assert GapStore(connection).say_once(amina.agency, month, "a file of counts")
    document = signed(amina, 6, month, 900)
    records.put(amina, counts.KIND, {"month": month, "document": document}, roles=counts.COUNTERS)
    with pytest.raises(Conflict, match="as a file"):
        publish()
    publish("unmet")
    publish()
    own = stated(canonical(amina.hub.get(f"{REPORTS}/counts", month=month)["own"])).rows
    whole = stated(canonical(document)).rows
    assert {path: row.sought for path, row in own.items()} == {path: row.sought for path, row in whole.items()}
    assert all(own[path].told == {n: c for n, c in row.told.items() if n != "unmet"} for path, row in whole.items())
