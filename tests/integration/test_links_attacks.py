"""Attacks on links: guessing, racing, replaying, posing, lying hubs; and where a secret might come to rest."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
import requests
from sqlalchemy import select, update

from hub.client import enrol, freezing, links, reading, referrals
from hub.client.member import workspace
from hub.client.referrals import Outgoing
from hub.clock import SetClock
from hub.directory.records.record import PROVIDER
from hub.directory.servicemap.write import Actor, Draft, apply
from hub.errors import (
    BadSignature,
    Conflict,
    Forbidden,
    HubError,
    InvalidRequest,
    LinkLocked,
    LinkOtherDevice,
    LinkRevoked,
    PeerMisbehaved,
    RateLimited,
    Unauthenticated,
    Unavailable,
    WrongCode,
    WrongRecipient,
)
from hub.freeze.jobs import freeze_packets
from hub.ids import random_id
from hub.links.store import LinkStore, link_codes, link_nonces
from hub.notify.store import notices
from hub.packets.dsse import Signer
from hub.packets.encoding import b64u
from tests.conftest import NOW
from tests.support import maps
from tests.support.provider import Provider, wrong
from tests.support.searching import cells, found_in, kept_by
from tests.support.world import SECTIONS, populated, reception, world

HOME, AWAY = "dj.example", "et.example"
SPONSOR = frozenset({"agency_admin", "data_officer"})
NUMBER = "+251911000007"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, AWAY) as made:
        populated(made, HOME, AWAY)
        made.found(
            AWAY, "mother-house", "shelter", "ET", "sponsor", SPONSOR, parent="Sisters of Charity", no_account=True
        )
        made.run()
        yield made


@pytest.fixture
def amina(place):
    return place.members["amina"]


@pytest.fixture
def mothers(place):
    return place.members["sponsor"].agency


@pytest.fixture
def away(place):
    return place.hubs[AWAY].hub


@pytest.fixture
def send(place, amina, mothers):
    def made(issued=None, **how):
        issued = issued or links.issue(amina, mothers, **how)
        held = reception(amina, place.clock, mothers)
        out = Outgoing(mothers, SECTIONS, held, "reception", "urgent", link=issued.link)
        sent = referrals.send(amina, out)
        place.run()
        return sent.handoff, issued

    return made


@pytest.fixture
def at_device(place, tmp_path):
    return lambda issued: Provider(issued.url, place.clock, tmp_path)


def test_a_hub_does_not_say_where_a_link_leads(amina, mothers, monkeypatch):
    for said in ("http://localhost:9", "https://elsewhere.example"):
        monkeypatch.setattr(amina.trust, "url", lambda _host, said=said: said)
        monkeypatch.setattr(amina.hub, "url", f"https://{HOME}")
        assert links.issue(amina, mothers).url.startswith(f"https://{AWAY}/l/")


class TestRequests:
    """Nothing but a fresh signature by the link or its device is taken for one."""

    @pytest.mark.parametrize(
        "how",
        [
            {"at": NOW - 10**6},
            {"at": NOW + 10**6},
            {"signed_path": "/api/v1/links/AAAAAAAAAAAAAAAAAAAAAA"},
            {"signed_body": b"{}"},
            {"by": Signer(bytes(32))},
        ],
    )
    def test_old_early_misdirected_changed_and_strangers_requests_are_refused_with_the_time(
        self, place, send, at_device, how
    ):
        _handoff, issued = send()
        provider = at_device(issued)
        with pytest.raises(Unauthenticated) as caught:
            provider.ask("GET", **{"by": provider.keys.signer, **how})
        assert caught.value.facts["now"] == place.clock.now()

    def test_a_request_counts_once(self, send, at_device):
        _handoff, issued = send()
        provider, nonce = at_device(issued), random_id()
        provider.ask("GET", by=provider.keys.signer, nonce=nonce)
        with pytest.raises(Unauthenticated):
            provider.ask("GET", by=provider.keys.signer, nonce=nonce)

    def test_used_nonces_are_forgotten_when_they_could_not_come_again(self, place, away, send, at_device):
        _handoff, issued = send()
        provider = at_device(issued)
        provider.status()
        place.clock.at += 601
        provider.status()
        with away.database.read() as connection:
            kept = connection.scalars(select(link_nonces.c.at)).all()
        assert min(kept) >= place.clock.now() - 600

    @pytest.mark.parametrize("said", ["", "Bearer x", "Link key=a,at=1,nonce=b,sig=c", "Link " + "x" * 5000])
    def test_garbage_is_nobody(self, away, place, send, said):
        _handoff, issued = send()
        url = f"{place.hubs[AWAY].url}/api/v1/links/{issued.link.id}"
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
            for path in ("", "/open", "/code", "/statements", "/handoff", "/packets/x/files/body"):
                headers = {"Authorization": said} if said else {}
                answer = requests.request(method, url + path, headers=headers, json={"device": "x"}, timeout=20)
                assert answer.status_code in {401, 404, 405}
        with away.database.read() as connection:
            assert LinkStore(connection).get(issued.link.id).tries == 0

    def test_the_links_own_key_does_nothing_but_open(self, send, at_device):
        _handoff, issued = send()
        provider = at_device(issued).enter(issued.code)
        for method, path, value in (("GET", "/handoff", None), ("POST", "/statements", {"statement": "x"})):
            with pytest.raises(Forbidden):
                provider.ask(method, path, value, by=provider.keys.signer)
        with pytest.raises(Forbidden):
            provider.ask("POST", "/open", {"device": b64u(provider.device.public_key)})

    def test_one_links_keys_are_nothing_to_another(self, send, at_device):
        mine, other = at_device(send()[1]), at_device(send()[1])
        other.id = mine.id
        with pytest.raises(Unauthenticated):
            other.status()
        other.id = random_id()
        with pytest.raises(Unauthenticated):  # the same answer: nobody learns which ids are links
            other.status()


class TestTries:
    def test_many_at_once_get_five_tries_together(self, away, send, at_device):
        _handoff, issued = send()
        answers = at_once(12, lambda: at_device(issued).open(wrong(issued.code)))
        assert [type(one) for one in answers].count(WrongCode) == 5
        assert {type(one) for one in answers} == {WrongCode, LinkLocked}
        with away.database.read() as connection:
            assert LinkStore(connection).get(issued.link.id).tries == 5

    def test_of_many_devices_with_the_right_code_one_gets_it(self, send, at_device):
        _handoff, issued = send()
        answers = at_once(6, lambda: at_device(issued).open(issued.code))
        assert [type(one) for one in answers].count(dict) == 1
        assert [type(one) for one in answers].count(LinkOtherDevice) == 5

    def test_a_lock_is_said_once_in_the_log(self, place, amina, send, at_device):
        handoff, issued = send()
        at_once(8, lambda: at_device(issued).open(wrong(issued.code)))
        place.run()
        kinds = [line.statement.type for line in reading.show(amina, handoff).lines]
        assert kinds.count("referral.lock_link") == 1

    def test_a_peer_locks_no_link_that_there_is_not(self, place, amina, away, send, at_device):
        handoff, issued = send()
        with away.database.write() as connection:
            away.intake.issue(connection, "referral.lock_link", handoff, {"link": random_id()})
        place.run()
        (said,) = (line for line in reading.show(amina, handoff).lines if line.statement.type == "referral.lock_link")
        assert said.refused
        assert at_device(issued).open(issued.code)["handoff"] == handoff


class TestEnded:
    def test_what_was_taken_before_gets_its_receipt_again_and_nothing_else(self, place, amina, send, at_device):
        handoff, issued = send()
        provider = at_device(issued).enter(issued.code)
        taken = provider.say("acknowledge")
        assert taken["handoff"]["id"] == handoff
        place.run()
        links.unlink(amina, handoff)
        place.run()
        assert provider.again() == {"receipt": taken["receipt"], "handoff": None}

    def test_what_a_colleague_made_who_left_opens_nothing_unless_somebody_has_opened_it(
        self, place, amina, mothers, at_device
    ):
        selam, issued, sent = place.join(amina, "selam", {"caseworker"}), [], []
        place.train(selam, amina)
        for _ in range(2):
            issued.append(links.issue(selam, mothers))
            held = reception(selam, place.clock, mothers)
            out = Outgoing(mothers, SECTIONS, held, "reception", "urgent", link=issued[-1].link)
            sent.append(referrals.send(selam, out).handoff)
        place.run()
        bound = at_device(issued[0]).enter(issued[0].code)
        place.run()
        enrol.remove_member(amina, "selam")
        place.run()
        with pytest.raises(LinkRevoked):
            at_device(issued[1]).open(issued[1].code)
        assert links.revoke_of(amina, selam.id) == [sent[1]]
        place.run()
        assert links.revoke_of(amina, selam.id) == []
        assert bound.say("acknowledge")["handoff"]["id"] == sent[0]


class TestTexts:
    """Codes that the hub sends to the number that the service map has verified."""

    @pytest.fixture
    def numbered(self, away, mothers, place):
        def run(steward=None, phone=NUMBER, **members):
            today = datetime.fromtimestamp(place.clock.now(), UTC).date().isoformat()
            record = maps.provider("House", agency=mothers, phones=[{"number": phone}], country="ET", **members)
            record["verified"] = maps.checked("offer", "contact", on=today)
            by = Actor(steward or place.members["hana"].agency, "m" * 22, "coordinator")
            with away.database.write() as connection:
                apply(
                    connection,
                    [Draft(PROVIDER, record, steward=by.agency)],
                    by,
                    host=AWAY,
                    now=place.clock.now(),
                )

        away.settings = replace(away.settings, sms="rapidpro")
        return run

    def sent(self, away):
        with away.database.read() as connection:
            rows = connection.execute(select(notices).where(notices.c.channel == "sms")).mappings().all()
        return [(row["address"], json.loads(row["facts"]).get("code")) for row in rows]

    def test_digits_by_text_open_a_link(self, place, away, mothers, numbered, send, at_device):
        _handoff, issued = send(spoken=False)
        provider = at_device(issued)
        numbered()
        assert provider.ask_for_code() == "07"
        (number, code) = self.sent(away)[-1]
        assert number == NUMBER
        with pytest.raises(InvalidRequest):
            provider.open(code)  # a proof is of a spoken code
        with pytest.raises(WrongCode):
            provider.open(wrong(code), sms=True)
        provider.open(code, sms=True)
        provider.bind()
        assert provider.read()["needs_risk"] == SECTIONS["needs_risk"]
        with away.database.read() as connection:
            assert connection.execute(select(link_codes).where(link_codes.c.link == issued.link.id)).all() == []
        # late digits, too many texts
        _handoff, issued = send(spoken=False)
        provider = at_device(issued)
        provider.ask_for_code()
        late = self.sent(away)[-1][1]
        place.clock.at += 901
        with pytest.raises(WrongCode) as caught:
            provider.open(late, sms=True)
        assert caught.value.facts["left"] == 5, "there was nothing to guess"
        provider.ask_for_code()
        first = self.sent(away)[-1][1]
        provider.ask_for_code()
        if first != self.sent(away)[-1][1]:
            with pytest.raises(WrongCode):
                provider.open(first, sms=True)
        with pytest.raises(RateLimited):
            provider.ask_for_code()
        away.settings = replace(away.settings, sms="")
        with pytest.raises(Unavailable):
            at_device(send(spoken=False)[1]).ask_for_code()

    def test_the_database_has_no_digits_but_those_that_are_on_their_way(self, away, numbered, send, at_device):
        numbered()
        _handoff, issued = send(spoken=False)
        at_device(issued).ask_for_code()
        code = self.sent(away)[-1][1]
        with away.database.write() as connection:
            connection.execute(update(notices).values(facts="{}"))
        assert found_in(cells(away), [f'"{code}"'.encode()]) == set()

    def test_a_spoken_code_is_never_sent(self, numbered, send, at_device):
        numbered()
        with pytest.raises(InvalidRequest):
            at_device(send()[1]).ask_for_code()


class TestPackets:
    def test_what_comes_with_a_link_is_sealed_to_it_alone(self, amina, send, mothers, monkeypatch):
        issued, other = links.issue(amina, mothers), links.issue(amina, mothers)
        target, changed = amina.target, {}

        def sealed_elsewhere(agency, *, link=None, **how):
            found = target(agency, link=link, **how)
            return replace(found, **changed) if link else found

        monkeypatch.setattr(amina, "target", sealed_elsewhere)
        for other_way in (
            {"member": other.link.id},
            {"recipients": target(amina.home(), link=other.link).recipients},
            {"epoch": 1, "member": None},
        ):
            changed.clear()
            changed.update(other_way)
            with pytest.raises(WrongRecipient):
                send(issued)

    def test_a_links_id_is_used_once(self, place, amina, away, mothers, send, at_device):
        first, issued = send()
        copied = links.issue(amina, mothers)
        forged = replace(copied, link=replace(copied.link, id=issued.link.id))
        second, _ = send(forged)
        shown = reading.show(amina, second)
        assert [line.statement.type for line in shown.lines if line.standing == "effective"] == ["referral.submit"]
        assert any(word.refused for word in shown.lines[0].words), "the recipient's hub has refused it in writing"
        at_device(issued).enter(issued.code).say("acknowledge")
        place.run()
        assert reading.show(amina, first).state == "acknowledged"
        with away.database.write() as connection, pytest.raises(Conflict):
            LinkStore(connection).add(issued.link.id, first)

    def test_what_is_for_the_own_agency_has_no_grant_and_is_sealed_to_no_link(
        self, place, amina, mothers, send, at_device
    ):
        handoff, issued = send()
        provider = at_device(issued).enter(issued.code)
        provider.say("acknowledge")
        provider.say("ask", words={"text": "How old is she?"})
        place.run()
        shown, new = reading.show(amina, handoff), links.issue(amina, mothers)
        for kind, link, body in (
            ("referral.answer", issued.link, {}),
            ("referral.link", new.link, {"link": new.link.to_value()}),
        ):
            with workspace() as folder:
                part = amina.seal(folder, amina.target(amina.home(), link=link), {"request": {"v": 1}})
                with pytest.raises(WrongRecipient):
                    referrals.say(amina, kind, shown, body, part)

    def test_a_colleague_is_not_given_so_much_as_the_header_of_what_is_sealed_to_a_link(self, place, send):
        handoff, _issued = send()
        worker = place.members.get("worker") or place.join(place.members["sponsor"], "worker", {"caseworker"})
        (packet,) = worker.hub.get(f"/api/v1/handoffs/{handoff}")["packets"]
        for path in ("headers", "files/body"):
            with pytest.raises(WrongRecipient):
                worker.hub.get(f"/api/v1/packets/{packet['manifest']}/{path}")

    def test_a_link_whose_revocation_overtook_it_while_all_stood_still_opens_nothing(
        self, place, amina, mothers, at_device
    ):
        held, issued = reception(amina, place.clock, mothers), links.issue(amina, mothers)
        out = Outgoing(mothers, SECTIONS, held, "reception", "urgent", link=issued.link)
        handoff = referrals.send(amina, out).handoff
        place.run()
        new, _ = links.reissue(amina, handoff)
        freeze = freezing.ask(place.members["daher"], held.token, amina.agency)["id"]
        freeze_packets(place.hubs[HOME].hub)
        links.unlink(amina, handoff)
        place.run()
        freezing.decide(amina, freeze, "kept")
        place.run()
        assert at_device(new).status()["state"] == "revoked"


class TestLies:
    """The client believes the chain, and no hub."""

    def change(self, member, monkeypatch, how):
        honest = member.hub.get

        def lying(path, **query):
            answer = honest(path, **query)
            return how(answer) if "/handoffs/" in path else answer

        monkeypatch.setattr(member.hub, "get", lying)

    def test_a_hub_that_hides_the_bind_is_not_believed(self, place, amina, send, at_device, monkeypatch):
        handoff, issued = send()
        at_device(issued).enter(issued.code).say("acknowledge")
        place.run()
        assert reading.show(amina, handoff).state == "acknowledged"

        def without(answer):
            kept = [row for row in answer["statements"] if row["type"] != "referral.bind"]
            return {**answer, "statements": kept}

        self.change(amina, monkeypatch, without)
        with pytest.raises(BadSignature):
            reading.show(amina, handoff)

    def test_a_hub_that_counts_what_a_revoked_link_signed_is_not_believed(
        self, place, amina, send, at_device, monkeypatch
    ):
        handoff, issued = send()
        at_device(issued).enter(issued.code).say("acknowledge")
        place.run()
        links.unlink(amina, handoff)

        def moved(answer):
            rows = answer["statements"]
            last = rows.pop()
            place_of = next(n for n, row in enumerate(rows) if row["type"] == "referral.acknowledge")
            return {**answer, "statements": [*rows[:place_of], last, *rows[place_of:]]}

        self.change(amina, monkeypatch, moved)
        with pytest.raises(BadSignature):
            reading.show(amina, handoff)

    def test_a_hub_that_shows_a_revocation_before_its_link_makes_nobody_seal_to_it(
        self, place, amina, send, monkeypatch
    ):
        handoff, _issued = send()
        links.reissue(amina, handoff)
        links.unlink(amina, handoff)

        def turned(answer):
            rows = answer["statements"]
            return {**answer, "statements": [*rows[:-2], rows[-1], rows[-2]]}

        self.change(amina, monkeypatch, turned)
        assert reading.show(amina, handoff).chain.live is None

    def test_a_hub_that_swaps_sender_and_recipient_is_not_believed(self, place, amina, send, monkeypatch):
        handoff, _issued = send()
        swapped = {"from_agency": "to_agency", "to_agency": "from_agency"}
        self.change(
            amina, monkeypatch, lambda answer: answer | {name: answer[other] for name, other in swapped.items()}
        )
        with pytest.raises(PeerMisbehaved):
            reading.show(amina, handoff)


def test_the_secret_comes_to_rest_nowhere(place, amina, away, send, at_device, caplog, tmp_path):
    caplog.set_level(logging.DEBUG)
    handoff, issued = send()
    provider = at_device(issued)
    provider.status()
    with pytest.raises(WrongCode):
        provider.open(wrong(issued.code))
    provider.enter(issued.code).say("acknowledge")
    provider.say("ask", words={"text": "Has she a paper?"})
    place.run()
    again, _view = links.reissue(amina, handoff)
    place.run()
    for rewritten in (issued.url.replace("#", "?"), issued.url.replace("#", "%23"), issued.url.replace("#", "/")):
        requests.get(rewritten, timeout=20)  # as a scanner might, or a mail program
    fragments = [urlsplit(one.url).fragment for one in (issued, again)]
    raw = [provider.secret, provider.keys.identity.secret]
    for served in place.hubs.values():
        kept = kept_by(served.hub)
        assert found_in(kept, [*raw, *(text.encode() for text in fragments)]) == set()
    ours = " ".join(record.getMessage() for record in caplog.records if not record.name.startswith("urllib3"))
    assert ours
    assert not any(text in ours for text in fragments)
    profile = [(str(path), path.read_bytes()) for path in (place.folder / "amina").rglob("*") if path.is_file()]
    assert found_in(profile, [*raw, *(text.encode() for text in fragments)]) == set(), "shown once, kept nowhere"


def at_once(number, act):
    """Do something at many places at the same time; return what each got."""
    found, ready = [], threading.Barrier(number)

    def run():
        ready.wait()
        try:
            found.append(act())
        except HubError as error:
            found.append(error)

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
