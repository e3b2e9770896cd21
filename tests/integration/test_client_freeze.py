"""A caregiver's receipt at three agencies and two hubs, through the client library and the command line."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace

import pytest
from sqlalchemy import String, select

from hub.client import basis as bases
from hub.client import freezing, opening, reading, records, referrals
from hub.client.referrals import Outgoing
from hub.clock import FileClock, SetClock
from hub.db import metadata
from hub.errors import Conflict, ConsentMissing, Forbidden, InvalidRequest, NotFound, PeerUnreachable
from hub.packets.encoding import b64u
from hub.packets.seal import freeze_key
from tests.conftest import NOW
from tests.support import terminal
from tests.support.world import PASSPHRASE, SECTIONS, consent, grant, populated, protection, world

HOME, AWAY = "dj.example", "et.example"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, AWAY) as made:
        FileClock(made.folder / "clock").put(NOW, factor=0)
        (made.folder / "passphrase").write_text(PASSPHRASE)
        populated(made, HOME, AWAY)
        made.join(made.members["amina"], "omar", {"caseworker"})
        made.join(made.members["amina"], "sahra", {"supervisor"})
        yield made


@pytest.fixture
def amina(place):
    return place.members["amina"]


@pytest.fixture
def hana(place):
    return place.members["hana"]


@pytest.fixture
def tesfaye(place):
    return place.members["tesfaye"]


def agreed(place, label):
    """A consent for the transit centre abroad and for the authority at home, with a receipt of its own."""
    scopes = [
        grant(place.clock, place.members[who].agency, categories=set(SECTIONS), purpose="reception", country=country)
        for who, country in (("hana", "ET"), ("daher", "DJ"))
    ]
    return bases.draft(place.members["amina"], consent(place.clock, *scopes), label)


@pytest.fixture
def held(place):
    return agreed(place, "both")


def refer(amina, held, to):
    return referrals.send(amina, Outgoing(to.agency, SECTIONS, held, "reception", "urgent")).handoff


def asked(place, member, held, amina):
    freeze = freezing.ask(member, held.token.lower(), amina.agency)["id"]
    place.run()
    place.run()
    return freeze


def test_a_receipt_shown_to_a_third_agency_stops_both_recipients_until_the_giver_was_asked(
    place, amina, hana, tesfaye, held
):
    abroad, at_home = refer(amina, held, hana), refer(amina, held, place.members["daher"])
    place.run()
    freeze = asked(place, tesfaye, held, amina)
    assert reading.show(hana, abroad).frozen
    for member, handoff in ((hana, abroad), (place.members["daher"], at_home)):
        with pytest.raises(ConsentMissing, match="giver's wish"):
            opening.open_handoff(member, handoff)
    (request,) = [row for row in freezing.requests(amina) if row.handoff == freeze]
    assert (request.by, request.found, request.open) == (tesfaye.agency, True, True)
    assert request.due == place.clock.now() + 86_400
    done = freezing.decide(amina, freeze, "kept")
    assert (done.basis, set(done.handoffs), done.still_open) == (held.handoff, {abroad, at_home}, 0)
    place.run()
    assert opening.open_handoff(hana, abroad)[0].sections["needs_risk"] == SECTIONS["needs_risk"]
    assert reading.show(tesfaye, freeze).state == "kept"
    with pytest.raises(Conflict):
        freezing.decide(amina, freeze, "kept")


def test_a_giver_who_withdraws_is_answered_by_a_withdrawal(place, amina, hana, tesfaye, held):
    handoff = refer(amina, held, hana)
    place.run()
    freeze = asked(place, tesfaye, held, amina)
    assert freezing.decide(amina, freeze, "withdrawn").handoffs
    place.run()
    assert reading.show(hana, handoff).state == "consent_withdrawn"
    assert not reading.show(hana, handoff).frozen
    assert not bases.load(amina, held.handoff).live
    assert reading.show(tesfaye, freeze).state == "withdrawn"


def test_packets_stand_still_while_another_receipt_of_the_same_consent_is_undecided(place, amina, hana, tesfaye, held):
    handoff = refer(amina, held, hana)
    place.run()
    one, two = (asked(place, member, held, amina) for member in (tesfaye, place.members["daher"]))
    assert freezing.decide(amina, one, "kept").still_open == 1
    place.run()
    assert reading.show(hana, handoff).frozen
    assert freezing.decide(amina, two, "kept").handoffs == (handoff,)
    place.run()
    assert not reading.show(hana, handoff).frozen


def test_what_was_not_delivered_yet_waits_and_holds_no_other_back(place, amina, hana, held):
    waits, goes = refer(amina, held, hana), refer(amina, agreed(place, "another child"), hana)
    freeze = freezing.ask(place.members["daher"], held.token, amina.agency)["id"]
    place.run()
    with pytest.raises(NotFound):
        reading.show(hana, waits)
    assert reading.show(hana, goes).state == "delivered"
    freezing.decide(amina, freeze, "kept")
    place.run()
    assert opening.open_handoff(hana, waits)
    assert reading.show(amina, waits).state == "delivered"


def test_a_wrong_receipt_stops_nothing_and_only_the_responsible_agency_is_told(place, amina, hana, tesfaye, held):
    handoff = refer(amina, held, hana)
    place.run()
    other = agreed(place, "never sent on")
    freeze = asked(place, tesfaye, other, amina)
    assert opening.open_handoff(hana, handoff)
    assert next(row for row in freezing.requests(amina) if row.handoff == freeze).found is False
    with pytest.raises(InvalidRequest, match="No consent"):
        freezing.decide(amina, asked(place, tesfaye, _stranger(held), amina), "withdrawn")
    with pytest.raises(InvalidRequest, match="wrong"):
        freezing.ask(tesfaye, held.token[:-1] + ("0" if held.token[-1] != "0" else "1"), amina.agency)


def _stranger(held):
    receipt = {**held.basis["receipt"], "token": "9XX-ZWZ-CNN-R90-TS9-HB9-A3N"}
    return replace(held, basis={**held.basis, "receipt": receipt})


@pytest.mark.parametrize("decision", ["kept", "withdrawn"])
def test_a_supervisor_decides_about_a_consent_that_a_colleague_recorded(place, amina, hana, tesfaye, held, decision):
    handoff, sahra = refer(amina, held, hana), place.members["sahra"]
    place.run()
    assert freezing.decide(sahra, asked(place, tesfaye, held, amina), decision).handoffs == (handoff,)
    place.run()
    assert reading.show(hana, handoff).state == {"kept": "delivered", "withdrawn": "consent_withdrawn"}[decision]


def test_a_decision_that_was_cut_off_is_finished_by_deciding_again(place, amina, hana, tesfaye, held, monkeypatch):
    handoff = refer(amina, held, hana)
    place.run()
    freeze = asked(place, tesfaye, held, amina)
    honest = records.send

    def cut(member, path, said, *rest):
        if freeze in path:
            raise PeerUnreachable("The line is cut.")
        return honest(member, path, said, *rest)

    monkeypatch.setattr(records, "send", cut)
    with pytest.raises(PeerUnreachable):
        freezing.decide(amina, freeze, "kept")
    monkeypatch.undo()
    place.run()
    assert not reading.show(hana, handoff).frozen
    assert freezing.decide(amina, freeze, "kept").handoffs == ()
    place.run()
    assert reading.show(tesfaye, freeze).state == "kept"


def test_two_supervisors_who_decide_at_once_leave_nothing_standing_still(
    place, amina, hana, tesfaye, held, monkeypatch
):
    handoff, sahra = refer(amina, held, hana), place.members["sahra"]
    place.run()
    one, two = (asked(place, member, held, amina) for member in (tesfaye, place.members["daher"]))
    honest = records.send

    def meanwhile(member, path, said, *rest):
        monkeypatch.undo()
        assert freezing.decide(sahra, two, "kept").handoffs == ()
        return honest(member, path, said, *rest)

    monkeypatch.setattr(records, "send", meanwhile)
    done = freezing.decide(amina, one, "kept")
    assert (done.handoffs, done.still_open) == ((handoff,), 0)
    place.run()
    assert not reading.show(hana, handoff).frozen


def test_a_request_is_not_ended_while_its_packets_stand_still_and_the_consent_is_not_found(
    place, amina, hana, tesfaye, held, monkeypatch
):
    handoff = refer(amina, held, hana)
    place.run()
    freeze = asked(place, tesfaye, held, amina)
    monkeypatch.setattr(bases, "listing", lambda _member: [])
    with pytest.raises(Conflict, match="stand still"):
        freezing.decide(amina, freeze, "kept")
    monkeypatch.undo()
    assert freezing.decide(amina, freeze, "kept").handoffs == (handoff,)


def test_only_a_supervisor_decides(place, amina, tesfaye, held):
    freeze = asked(place, tesfaye, held, amina)
    with pytest.raises(Forbidden):
        freezing.decide(place.members["omar"], freeze, "kept")
    with pytest.raises((Conflict, Forbidden)):
        freezing.decide(tesfaye, freeze, "kept")


def test_a_basis_without_a_receipt_looks_the_same_to_a_hub(place, amina):
    daher = place.members["daher"]
    held = protection(amina, place.clock, daher.agency)
    assert held.token is None
    out = Outgoing(daher.agency, {"minimal_contact": SECTIONS["minimal_contact"]}, held, "protection", "urgent")
    shown = reading.show(amina, referrals.send(amina, out).handoff)
    assert len(shown.submission.statement.body["freeze"]) == 43


def test_nothing_at_a_hub_joins_two_packets_of_one_consent_before_a_receipt_is_shown(place, amina, hana, held):
    pair = [refer(amina, held, who) for who in (hana, place.members["daher"])]
    stranger = refer(amina, agreed(place, "another child"), hana)
    place.run()
    hub = place.hubs[HOME].hub
    of = {handoff: _values(hub, handoff) for handoff in (*pair, stranger)}
    assert sum(_telling(value, amina) for value in of[pair[0]]) > 20
    assert not {value for value in of[pair[0]] & of[pair[1]] - of[stranger] if _telling(value, amina)}
    key = b64u(freeze_key(held.token))
    assert not any(key in value or held.token in value for values in of.values() for value in values)


def _values(hub, handoff):
    """Every value in a row of this handoff, its statements and its packets, and every leaf of its signed documents."""
    rows, names = [], {handoff}
    with hub.database.read() as connection:
        for _ in range(2):  # the second time with the hashes of the statements and packets that were found
            rows = [
                row
                for table in metadata.tables.values()
                for column in {"id", "handoff", "statement", "manifest", "hash"} & set(table.c.keys())
                if isinstance(table.c[column].type, String)
                for row in connection.execute(select(table).where(table.c[column].in_(names))).mappings()
            ]
            names |= {str(row[column]) for row in rows for column in ("hash", "manifest") if row.get(column)}
    return {str(leaf) for row in rows for value in row.values() for leaf in _of_column(value)} - {"None"}


def _of_column(value):
    return _leaves(json.loads(value)) if isinstance(value, bytes) and value.startswith(b"{") else [value]


def _leaves(value):
    if isinstance(value, dict):
        for name, item in value.items():
            if name not in {"proof", "root"}:  # where in the log, and so when: neighbours in time have those in common
                yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, str) and len(value) > 60:
        try:
            yield from _leaves(json.loads(base64.b64decode(value)))
        except ValueError:
            yield value
    else:
        yield value


def _telling(value, amina):
    """Whether a value could join: random bytes, not a name, a role, a word, a number or a time."""
    return bool(re.fullmatch(r"[A-Za-z0-9_-]{22}|[A-Za-z0-9_-]{43}", value)) and value != amina.id


@pytest.fixture
def says(place):
    def say(login, *words, code=0):
        given = ("--profile", place.folder / login, "--passphrase-file", place.folder / "passphrase")
        return terminal.hub(*given, *words, code=code, HUB_CLOCK_FILE=str(place.folder / "clock"))

    return say


def test_the_same_from_the_command_line(place, says, amina, hana, held, tmp_path):
    handoff = refer(amina, held, hana)
    place.run()
    (tmp_path / "token").write_text(held.token.replace("-", " "))
    said = json.loads(
        says("tesfaye", "consent", "freeze", "--agency", "shelter", "--token", tmp_path / "token", "--json")
    )
    place.run()
    place.run()
    assert "Stopped for the moment at the giver's wish" in says("hana", "show", handoff)
    says("hana", "open", handoff, code=5)
    listed = says("amina", "consent", "freezes")
    assert said["freeze"] in listed
    rows = map(json.loads, says("amina", "consent", "freezes", "--json").splitlines())
    assert [row["found"] for row in rows if row["freeze"] == said["freeze"]] == [True]
    assert "Say --kept or --withdrawn" in says("amina", "consent", "decide", said["freeze"], code=2)
    assert "go on: 1" in says("amina", "consent", "decide", said["freeze"], "--kept")
    (tmp_path / "token").write_text("no token")
    says("tesfaye", "consent", "freeze", "--agency", "shelter", "--token", tmp_path / "token", code=2)
    assert records.kept(amina)
