"""The client library against a served hub: a whole referral, what is refused, what is held back, what can be proven."""

from __future__ import annotations

import pytest

from hub.client import opening, reading, referrals
from hub.client.referrals import Outgoing
from hub.clock import SetClock
from hub.errors import ConsentMissing
from tests.conftest import NOW
from tests.support.world import SECTIONS, populated, reception, world

HOST = "hub.example"


@pytest.fixture(scope="module")
def one_hub(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOST) as made:
        yield populated(made, HOST, HOST)


@pytest.fixture
def amina(one_hub):
    return one_hub.members["amina"]


@pytest.fixture
def hana(one_hub):
    return one_hub.members["hana"]


def refer(one_hub, amina, hana, **changes):
    held = reception(amina, one_hub.clock, hana.agency)
    given = {"to": hana.agency, "sections": SECTIONS, "basis": held, "purpose": "reception", "urgency": "urgent"}
    return referrals.send(amina, Outgoing(**{**given, **changes})).handoff


def test_a_referral_goes_from_sealed_to_closed(one_hub, amina, hana, tmp_path):
    note = tmp_path / "letter.txt"
    note.write_bytes(b"SYN letter")
    large = tmp_path / "scan.bin"
    large.write_bytes(bytes(range(256)) * 8192)
    handoff = refer(one_hub, amina, hana, attachments=[note, large])
    shown = reading.show(hana, handoff)
    assert (shown.state, shown.ball) == ("delivered", "recipient")
    referrals.acknowledge(hana, handoff)
    (opened,) = opening.open_handoff(hana, handoff, into=tmp_path)
    assert {**opened.sections, "request": None} == {**SECTIONS, "request": None}
    assert not opened.quarantined
    assert {path.name: path.read_bytes() for path in opened.written if path.suffix != ".json"} == {
        "letter.txt": b"SYN letter",
        "scan.bin": large.read_bytes(),
    }
    referrals.ask(hana, handoff, "Which language?")
    assert opening.open_handoff(amina, handoff)[0].sections["reply"]["text"] == "Which language?"
    referrals.answer(amina, handoff, {"needs_risk": {"language": "ti"}})
    referrals.accept(hana, handoff, "2026-11-25")
    referrals.start(hana, handoff, "2026-11-25")
    referrals.report_outcome(hana, handoff, "yes", ["reception"])
    assert referrals.close(amina, handoff)["state"] == "loop_closed"
    shown = reading.show(amina, handoff)
    assert (shown.state, shown.ball, shown.grade) == ("loop_closed", None, "signed")
    assert [line.statement.type for line in shown.lines][-1] == "referral.close"


def test_what_the_consent_does_not_cover_is_not_sealed(one_hub, amina, hana):
    with pytest.raises(ConsentMissing) as refusal:
        refer(one_hub, amina, hana, sections={**SECTIONS, "health": {}})
    assert [row["rule"] for row in refusal.value.facts["reasons"]] == ["R01"]
