"""The client library over two hubs: find and verify an agency abroad, refer to it, and see who has confirmed what."""

from __future__ import annotations

from dataclasses import replace

import pytest
import requests

from hub.client import enrol, founding, opening, outcomes, reading, records, referrals
from hub.client.founding import AgencyFacts
from hub.client.outcomes import Asked
from hub.client.referrals import Outgoing
from hub.clock import SetClock
from hub.errors import BadSignature, NotFound, PeerUnreachable
from hub.keys.certificates import certify, next_entry
from hub.keys.pins import How
from hub.packets.encoding import parse_json
from tests.conftest import NOW
from tests.support.factories import CERTIFIERS
from tests.support.world import FOUNDER, SECTIONS, populated, reception, world

HOME, AWAY = "dj.example", "et.example"


@pytest.fixture(scope="module")
def two_hubs(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, AWAY) as made:
        yield populated(made, HOME, AWAY)


@pytest.fixture
def amina(two_hubs):
    return two_hubs.members["amina"]


@pytest.fixture
def hana(two_hubs):
    return two_hubs.members["hana"]


def refer(two_hubs, amina, hana):
    held = reception(amina, two_hubs.clock, hana.agency)
    return referrals.send(amina, Outgoing(hana.agency, SECTIONS, held, "reception", "urgent")).handoff


def test_an_agency_abroad_is_found_and_verified(amina, hana):
    found = amina.trust.agency(hana.agency)
    assert found.how in {How.CERTIFIED, How.PINNED}
    assert found.entry == hana.home().entry
    assert hana.id in {cert.member for cert in found.members(NOW)}


def test_a_referral_crosses_the_border_and_comes_back_closed(two_hubs, amina, hana, tmp_path):
    handoff = refer(two_hubs, amina, hana)
    assert reading.show(amina, handoff).state == "submitted"
    with pytest.raises(NotFound):
        reading.show(hana, handoff)
    two_hubs.run()
    assert reading.show(amina, handoff).state == reading.show(hana, handoff).state == "delivered"
    (opened,) = opening.open_handoff(hana, handoff, into=tmp_path)
    assert opened.sections["minimal_contact"] == SECTIONS["minimal_contact"]
    assert referrals.take(hana, handoff, "acknowledge")["being_confirmed"] is True
    shown = reading.show(hana, handoff)
    assert (shown.state, shown.being_confirmed, shown.lines[-1].standing) == ("delivered", True, "waiting")
    two_hubs.run()
    for member in (amina, hana):
        shown = reading.show(member, handoff)
        assert (shown.state, shown.being_confirmed) == ("acknowledged", False)
        assert {word.host for word in shown.lines[-1].words} == {HOME, AWAY}
    for step in (
        lambda: referrals.take(hana, handoff, "accept", first_contact="2026-12-01"),
        lambda: referrals.take(hana, handoff, "start", contact="2026-12-01"),
        lambda: referrals.take(
            hana, handoff, "report_outcome", got_help="partial", services=["reception"], text="Tracing goes on."
        ),
    ):
        step()
        two_hubs.run()
    assert opening.open_handoff(amina, handoff)[0].sections["reply"]["got_help"] == "partial"
    outcomes.close(amina, handoff, [Asked("child", "in_person", "2026-12-08", "partial")])
    two_hubs.run()
    assert reading.show(hana, handoff).state == reading.show(amina, handoff).state == "loop_closed"
    assert records.prove(hana, shown.lines[-1].hash).receipt.log.origin == AWAY


def test_a_step_that_is_too_late_is_shown_as_refused(two_hubs, amina, hana):
    handoff = refer(two_hubs, amina, hana)
    two_hubs.run()
    referrals.take(amina, handoff, "cancel")
    referrals.take(hana, handoff, "acknowledge")
    two_hubs.run()
    line = next(line for line in reading.show(hana, handoff).lines if line.statement.type == "referral.acknowledge")
    assert line.standing == "refused"
    assert [word.refused for word in line.words if word.refused] == [("cancelled", 2)]
    assert reading.show(hana, handoff).state == "cancelled"
    referrals.take(hana, handoff, "late_answer", text="We had a bed.")
    two_hubs.run()
    assert opening.open_handoff(amina, handoff)[0].sections["reply"]["text"] == "We had a bed."


def test_a_new_epoch_abroad_is_used_after_the_pull_and_the_old_one_still_opens(two_hubs, amina, hana):
    before = refer(two_hubs, amina, hana)
    colleague = two_hubs.join(hana, "kidane", {"provider"})
    enrol.publish_epoch(hana, enrol.start_epoch(hana))
    assert enrol.grant_missing(hana) == [colleague.id]
    two_hubs.run()
    after = refer(two_hubs, amina, hana)
    two_hubs.run()
    assert [p.manifest.files[0].epoch for h in (before, after) for p in reading.show(amina, h).packets] == [1, 2]
    for handoff in (before, after):
        assert opening.open_handoff(colleague, handoff)[0].sections["needs_risk"] == SECTIONS["needs_risk"]


def test_an_agency_that_changes_its_kind_without_its_certifiers_is_not_believed_abroad(
    two_hubs, amina, hana, monkeypatch
):
    amina.trust.agency(hana.agency)
    honest = amina.hub.get
    entry = hana.home().entry
    changed = next_entry(entry, identity=replace(entry.identity, kind="authority"))
    forged = changed.to_envelope(hana.secrets.root.signer())

    def lying(path, **query):
        answer = honest(path, **query)
        if "agencies" in path:
            answer["entries"][-1]["document"] = parse_json(forged.to_bytes())
        return answer

    monkeypatch.setattr(amina.hub, "get", lying)
    with pytest.raises(BadSignature):
        amina.trust.agency(hana.agency)


class Cut(requests.Session):
    """A line that breaks at one path, once."""

    def __init__(self, path):
        super().__init__()
        self.path = path

    def request(self, method, url, **given):
        if self.path and url.endswith(self.path) and method == "POST":
            self.path = ""
            raise requests.ConnectionError
        return super().request(method, url, **given)


@pytest.mark.parametrize("path", ["/api/v1/agencies", "/api/v1/enrolments", "/api/v1/members"])
def test_founding_that_was_cut_off_is_finished_by_trying_again(two_hubs, path):
    name = f"clinic-{path.rpartition('/')[2]}"
    invitation = two_hubs.hubs[HOME].invite(name)
    desk = replace(two_hubs.desk(name), http=Cut(path))
    identity, sheet = founding.begin(desk, invitation, AgencyFacts("health", "DJ", "Ministry of Health"))
    certs = [certify(identity, certifier, NOW) for certifier in CERTIFIERS]
    with pytest.raises(PeerUnreachable):
        founding.finish(desk, certs)
    member = founding.finish(desk, certs)
    assert member.roles() == FOUNDER
    record = records.put(member, "note", {"n": 1})
    desk = replace(desk, passphrase="a passphrase that is new")
    assert records.get(enrol.recover(desk, sheet.recovery), record).value == {"n": 1}
    with pytest.raises(NotFound):
        founding.finish(desk, certs)
