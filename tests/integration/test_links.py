"""Providers without an account, over two hubs: what a link opens, for whom, when, and what ends it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.client import links, opening, outcomes, reading, referrals, withdrawal
from hub.client.links import Standing
from hub.client.outcomes import Asked
from hub.client.referrals import Outgoing
from hub.clock import SetClock
from hub.errors import (
    ConsentMissing,
    Forbidden,
    IllegalTransition,
    InvalidRequest,
    LinkExpired,
    LinkLocked,
    LinkOtherDevice,
    LinkOver,
    LinkRevoked,
    Malformed,
    NotFound,
    NoVerifiedNumber,
    Unauthenticated,
    WrongCode,
)
from hub.handoffs.store import PacketStore
from hub.notify.store import notices
from hub.packets.encoding import b64u
from hub.statements.grammar import Grade
from hub.statements.verify import sign_statement
from tests.conftest import NOW
from tests.support.provider import Provider, wrong
from tests.support.world import SECTIONS, populated, reception, world

HOME, AWAY = "dj.example", "et.example"
SPONSOR = frozenset({"agency_admin", "data_officer"})
DAY = 86_400


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, AWAY) as made:
        populated(made, HOME, AWAY)
        sponsor = made.members["hana"].agency
        made.found(AWAY, "mother-house", "shelter", "ET", "sponsor", SPONSOR, parent=sponsor, no_account=True)
        made.run()
        yield made


@pytest.fixture
def amina(place):
    return place.members["amina"]


@pytest.fixture
def mothers(place):
    return place.members["sponsor"].agency


@pytest.fixture
def send(place, amina, mothers):
    def made(**how):
        issued = links.issue(amina, mothers, **how)
        held = reception(amina, place.clock, mothers)
        sent = referrals.send(amina, Outgoing(mothers, SECTIONS, held, "reception", "urgent", link=issued.link))
        place.run()
        return sent.handoff, issued

    return made


@pytest.fixture
def at_device(place, tmp_path):
    def made(issued):
        return Provider(issued.url, place.clock, tmp_path)

    return made


def states(place, handoff):
    place.run()
    shown = reading.show(place.members["amina"], handoff)
    return shown.state, shown.grade


def test_an_agency_without_accounts_has_a_sponsor_and_no_epoch(place, amina, mothers):
    entry = amina.trust.agency(mothers).entry
    assert (entry.enc, entry.identity.parent) == ((), place.members["hana"].agency)
    held = reception(amina, place.clock, mothers)
    with pytest.raises((InvalidRequest, ConsentMissing, Forbidden)):
        referrals.send(amina, Outgoing(mothers, SECTIONS, held, "reception"))


def test_a_provider_reads_answers_and_reports_by_link_and_the_loop_closes(place, amina, send, at_device):
    handoff, issued = send()
    provider = at_device(issued)
    assert provider.status() == {"now": place.clock.now(), "state": "open", "code": "voice", "left": 5}
    provider.enter(issued.code)
    assert provider.status()["state"] == "claimed"
    assert provider.read()["minimal_contact"] == SECTIONS["minimal_contact"]
    provider.say("acknowledge")
    assert states(place, handoff) == ("acknowledged", Grade.LINK)
    provider.say("accept", {"first_contact": "2026-12-01"})
    provider.say("start", {"contact": "2026-12-01"})
    provider.say("report_outcome", words={"got_help": "yes", "services": ["shelter"]})
    assert states(place, handoff) == ("outcome_reported", Grade.LINK)
    (opened,) = opening.open_handoff(amina, handoff)
    assert (opened.sections["reply"]["got_help"], opened.author) == ("yes", issued.link.id)
    outcomes.close(amina, handoff, [Asked("child", "in_person", "2026-12-08", "yes")])
    place.run()
    shown = reading.show(amina, handoff)
    assert shown.state == reading.show(place.members["sponsor"], handoff).state == "loop_closed"
    assert links.standing(shown, place.clock.now()) is Standing.BOUND
    with pytest.raises(LinkOver):
        provider.handoff()
    assert provider.status()["state"] == "over"
    again = provider.again()
    assert again["receipt"], "an answer that was lost is given again"
    assert again["handoff"] is None


def test_nothing_is_given_before_the_log_has_the_device(place, amina, send, at_device):
    handoff, issued = send()
    provider = at_device(issued)
    provider.open(issued.code)
    manifest = reading.show(amina, handoff).packets[0].hash
    for asked in (provider.handoff, lambda: provider.download(manifest)):
        with pytest.raises(Forbidden):
            asked()
    with pytest.raises(Forbidden):
        provider.post(provider.statement("referral.acknowledge", {}, heads=provider.seen["heads"]), provider.device)
    with place.hubs[AWAY].hub.database.read() as connection:
        assert PacketStore(connection).get(manifest)["served"] is None
    provider.bind()
    assert provider.download(manifest)
    with place.hubs[AWAY].hub.database.read() as connection:
        assert PacketStore(connection).get(manifest)["served"] == place.clock.now()


def test_the_device_stands_in_both_logs(place, amina, send, at_device):
    handoff, issued = send()
    provider = at_device(issued).enter(issued.code)
    place.run()
    shown = reading.show(amina, handoff)
    (bind,) = [line for line in shown.lines if line.statement.type == "referral.bind"]
    assert (bind.standing, {word.host for word in bind.words}) == ("effective", {HOME, AWAY})
    assert shown.chain.device(issued.link.id) == provider.device.public_key


def test_a_lost_answer_is_asked_for_again_and_binds_once(place, amina, send, at_device):
    handoff, issued = send()
    provider = at_device(issued)
    assert provider.open(issued.code) == provider.open(wrong(issued.code)), "the device has it already"
    first = provider.bind()
    place.clock.at += 5
    assert provider.bind()["receipt"] == first["receipt"]
    place.run()
    kinds = [line.statement.type for line in reading.show(amina, handoff).lines]
    assert kinds.count("referral.bind") == 1


def test_the_first_device_with_the_code_is_the_only_one(send, at_device):
    _handoff, issued = send()
    provider = at_device(issued).enter(issued.code)
    thief = provider.other_device()
    for code in (issued.code, wrong(issued.code)):
        with pytest.raises(LinkOtherDevice):
            thief.open(code)
    thief.seen = provider.seen
    for tried in (thief.handoff, lambda: thief.say("acknowledge"), thief.bind):
        with pytest.raises(Unauthenticated):
            tried()
    with pytest.raises(Forbidden):
        provider.bind(thief.device)
    assert provider.status()["left"] == 5


def test_five_wrong_codes_lock_the_link_and_its_owner_learns_of_it(place, amina, send, at_device):
    handoff, issued = send()
    provider = at_device(issued)
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(WrongCode) as caught:
            provider.open(wrong(issued.code))
        assert caught.value.facts["left"] == left
    with pytest.raises(LinkLocked):
        provider.open(issued.code)
    assert provider.status()["state"] == "locked"
    place.run()
    assert links.standing(reading.show(amina, handoff), place.clock.now()) is Standing.LOCKED
    with place.hubs[HOME].hub.database.read() as connection:
        told = connection.execute(notices.select().where(notices.c.handoff == handoff)).mappings().all()
    assert amina.id in {row["to_member"] for row in told}
    again, _view = links.reissue(amina, handoff)
    place.run()
    assert at_device(again).enter(again.code).read()["needs_risk"] == SECTIONS["needs_risk"]


def test_an_empty_or_malformed_code_uses_no_try(send, at_device):
    _handoff, issued = send()
    provider = at_device(issued)
    device = b64u(provider.device.public_key)
    for value in ({}, {"proof": ""}, {"proof": "x" * 43}, {"code": "123456"}, {"code": "12"}, {"proof": None}):
        with pytest.raises((InvalidRequest, Malformed)):
            provider.ask("POST", "/open", {"device": device, **value}, by=provider.keys.signer)
    assert provider.status()["left"] == 5


def test_a_new_link_revokes_the_one_before_at_once(place, amina, send, at_device):
    handoff, issued = send()
    old = at_device(issued).enter(issued.code)
    manifest = old.handoff()["packets"][0]["manifest"]
    again, view = links.reissue(amina, handoff)
    assert view["state"] == "delivered"
    place.run()
    place.clock.at += 1
    for tried in (old.handoff, lambda: old.download(manifest), old.bind):
        with pytest.raises(LinkRevoked):
            tried()
    assert old.status()["state"] == "revoked"
    new = at_device(again).enter(again.code)
    assert new.read()["minimal_contact"] == SECTIONS["minimal_contact"]
    assert [row["manifest"] for row in new.handoff()["packets"]] != [manifest]
    with pytest.raises(NotFound):
        new.download(manifest)


def test_a_revoked_link_opens_nothing_and_what_crossed_it_is_refused_in_writing(place, amina, send, at_device):
    handoff, issued = send()
    provider = at_device(issued).enter(issued.code)
    place.run()
    links.unlink(amina, handoff)
    provider.say("acknowledge")  # their hub has not heard of it yet
    assert states(place, handoff)[0] == "delivered"
    line = next(line for line in reading.show(amina, handoff).lines if line.statement.grade is Grade.LINK)
    assert line.statement.type == "referral.bind"
    refused = [line for line in reading.show(amina, handoff).lines if line.refused]
    assert [line.statement.type for line in refused] == ["referral.acknowledge"]
    with pytest.raises(LinkRevoked):
        provider.say("acknowledge")
    with pytest.raises(InvalidRequest):
        referrals.answer(amina, handoff, SECTIONS)


def test_a_bind_that_crossed_a_revocation_stops_no_queue(place, amina, send, at_device):
    handoff, issued = send()
    links.unlink(amina, handoff)
    provider = at_device(issued).enter(issued.code)
    provider.say("acknowledge")
    assert states(place, handoff)[0] == "delivered"
    refused = [line.statement.type for line in reading.show(amina, handoff).lines if line.refused]
    assert refused == ["referral.bind", "referral.acknowledge"]
    other, issued = send()
    at_device(issued).enter(issued.code).say("acknowledge")
    assert states(place, other) == ("acknowledged", Grade.LINK)


def test_a_link_ends_with_its_last_second(place, amina, send, at_device):
    _handoff, issued = send(until=place.clock.now() + 2 * DAY)
    provider = at_device(issued).enter(issued.code)
    place.clock.at += 2 * DAY + 1
    with pytest.raises(LinkExpired):
        provider.handoff()
    late = provider.statement("referral.acknowledge", {}, heads=provider.seen["heads"])
    for at in (place.clock.now(), issued.link.until):
        with pytest.raises(LinkExpired):
            provider.post(replace(late, at=at), provider.device)


def test_a_withdrawal_stops_the_link_at_once(place, amina, mothers, at_device):
    issued = links.issue(amina, mothers)
    held = reception(amina, place.clock, mothers)
    sent = referrals.send(amina, Outgoing(mothers, SECTIONS, held, "reception", link=issued.link))
    place.run()
    provider = at_device(issued).enter(issued.code)
    withdrawal.withdraw(amina, held.handoff)
    place.run()
    assert sent.handoff
    assert provider.status()["state"] == "over"
    with pytest.raises(LinkOver):
        provider.handoff()
    with pytest.raises(LinkOver):
        provider.say("acknowledge")


def test_questions_and_answers_go_through_the_link(place, amina, send, at_device):
    handoff, issued = send()
    provider = at_device(issued).enter(issued.code)
    provider.say("acknowledge")
    provider.say("ask", words={"text": "Has she a paper?"})
    place.run()
    assert opening.open_handoff(amina, handoff)[0].sections["reply"]["text"] == "Has she a paper?"
    referrals.answer(amina, handoff, {"needs_risk": {"risk": "papers are on the way"}})
    place.run()
    assert provider.read()["needs_risk"] == {"risk": "papers are on the way"}


def test_a_step_that_is_not_a_providers_is_refused(place, send, at_device):
    handoff, issued = send()
    provider = at_device(issued).enter(issued.code)
    for kind, body in (("referral.close", {}), ("referral.cancel", {}), ("consent.unfreeze", {})):
        with pytest.raises(IllegalTransition):
            provider.post(provider.statement(kind, body, heads=provider.seen["heads"]), provider.device)
    said = provider.statement("consent.withdraw", {"evidence": b64u(bytes(32))}, heads=provider.seen["heads"])
    with pytest.raises(IllegalTransition):
        provider.post(said, provider.device)
    assert states(place, handoff)[0] == "delivered"


def test_a_member_cannot_bring_what_a_link_signed(place, amina, send, at_device):
    handoff, issued = send()
    provider = at_device(issued)
    provider.seen = {"agency": place.members["sponsor"].agency, "handoff": handoff, "heads": []}
    heads = [reading.show(amina, handoff).lines[-1].hash]
    bind = provider.statement("referral.bind", {"sign": b64u(provider.device.public_key)}, heads=heads)
    signed = sign_statement(bind, [provider.keys.signer])
    with pytest.raises(Forbidden):  # it would pass the code by
        place.members["sponsor"].send(f"/api/v1/handoffs/{handoff}/statements", signed)


def test_no_number_that_was_verified_no_code_by_text(send, at_device):
    _handoff, issued = send(spoken=False)
    provider = at_device(issued)
    assert issued.code is None
    assert provider.status()["code"] == "sms"
    with pytest.raises(NoVerifiedNumber):
        provider.ask_for_code()
