"""The day on which everything is lost: a member's tested sheet, and an agency's papers, two of three."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from sqlalchemy import select

from hub.client import enrol, epochs, opening, recovery, referrals
from hub.client.enrol import Desk
from hub.client.referrals import Outgoing
from hub.client.transport import HubSession
from hub.clock import SetClock
from hub.errors import BadSignature, Conflict, Expired, Forbidden, Malformed, NotFound
from hub.ids import random_id
from hub.keys.certificates import RecoveryUse
from hub.keys.devices import RootKey
from hub.keys.recovery import RecoverySecret, seal_root
from hub.keys.store import KeyStore
from hub.notify.store import notices
from hub.packets.encoding import parse_json
from tests.conftest import NOW
from tests.support.world import PASSPHRASE, SECTIONS, populated, reception, world

HOST = "hub.example"
HELD = ("SYN agency", "SYN federation", "SYN federation")


@pytest.fixture
def places(tmp_path):
    with world(tmp_path, SetClock(NOW), HOST) as made:
        populated(made, HOST, HOST)
        made.join(made.members["hana"], "biruk", {"caseworker"})
        yield made


def refer(made):
    amina, hana = made.members["amina"], made.members["hana"]
    held = reception(amina, made.clock, hana.agency)
    given = {"to": hana.agency, "sections": SECTIONS, "basis": held, "purpose": "reception", "urgency": "urgent"}
    return referrals.send(amina, Outgoing(**given)).handoff


def told(made, key):
    with made.hubs[HOST].hub.database.read() as connection:
        query = select(notices.c.to_member).where(notices.c.key.startswith(key), notices.c.template == "keys")
        return set(connection.scalars(query))


def desk(made, login="heir"):
    return Desk(made.folder / login, login, PASSPHRASE, made.clock)


class TestASheet:
    def test_counts_once_it_was_typed_back(self, places):
        hana = places.members["hana"]
        sheet = recovery.new_sheet(hana)
        assert recovery.sheet_tested(hana) is None
        assert recovery.test_sheet(hana, sheet.recovery.lower().replace("-", " "), sheet.device) == NOW
        assert recovery.sheet_tested(hana) == NOW

    def test_of_another_day_or_device_does_not_count(self, places):
        hana = places.members["hana"]
        old, new = recovery.new_sheet(hana), recovery.new_sheet(hana)
        other = recovery.new_sheet(places.members["biruk"])
        with pytest.raises(BadSignature):
            recovery.test_sheet(hana, old.recovery, old.device)
        with pytest.raises(BadSignature):
            recovery.test_sheet(hana, new.recovery, other.device)
        with pytest.raises(Malformed):
            recovery.test_sheet(hana, new.recovery[:-1], new.device)
        with pytest.raises(Malformed):
            recovery.test_sheet(hana, new.recovery, "!")
        assert recovery.sheet_tested(hana) is None

    def test_opens_the_vault_and_sets_a_new_passphrase(self, places):
        hana = places.members["hana"]
        sheet = recovery.new_sheet(hana)
        again = enrol.recover(replace(places.desk("hana"), passphrase="another long passphrase"), sheet.recovery)
        assert again.id == hana.id
        assert again.secrets.root is not None


class TestPapers:
    def test_any_two_recover_the_agency_and_everybody_is_told(self, places):
        hana, biruk = places.members["hana"], places.members["biruk"]
        handoff, root = refer(places), hana.home().entry.root
        shares = recovery.split(hana, HELD)
        heir, sheet = recovery.join(desk(places), shares.where, shares.lines[1:])
        assert sheet.recovery
        assert told(places, "recovered:") == {hana.id, biruk.id, places.members["trainer-et"].id}
        assert heir.roles() == recovery.COMES_BACK_AS
        assert opening.open_handoff(heir, handoff, why="all devices were lost")
        for lost in ("hana", "biruk"):
            enrol.remove_member(heir, lost)
        assert epochs.renew(heir).epoch == 2
        chain = heir.home().entry
        assert (chain.seq, chain.root) == (1, root)
        assert opening.open_handoff(heir, handoff, why="all devices were lost")

    def test_each_pair_gives_the_same_and_one_alone_nothing(self):
        secret = RecoverySecret.generate()
        lines = secret.shares()
        for pair in (*combinations(lines, 2), lines):
            assert RecoverySecret.from_shares(pair) == secret
        for few in ((), lines[:1], (lines[0], lines[0].upper()), (lines[0], RecoverySecret.generate().shares()[1])):
            with pytest.raises(Malformed):
                RecoverySecret.from_shares(few)
        wrong = lines[0].replace(lines[0].split()[10], "academic", 1)
        with pytest.raises(Malformed) as refusal:
            RecoverySecret.from_shares((wrong, lines[1]))
        assert "academic" not in str(refusal.value)
        assert repr(secret) == "RecoverySecret()"

    def test_the_newest_epoch_is_there_although_nobody_took_the_papers_out(self, places):
        hana = places.members["hana"]
        shares = recovery.split(hana, HELD)
        enrol.remove_member(hana, "biruk")
        epochs.renew(hana)
        handoff = refer(places)
        heir, _ = recovery.join(desk(places), shares.where, shares.lines[:2])
        assert opening.open_handoff(heir, handoff, why="all devices were lost")

    def test_the_hubs_operator_and_one_body_alone_hold_none(self, places):
        hana = places.members["hana"]
        with pytest.raises(Malformed):
            recovery.split(hana, ("SYN agency", "syn  AGENCY", "SYN agency"))
        with pytest.raises(Malformed):
            recovery.split(hana, ("SYN agency", "SYN federation"))
        with pytest.raises(Forbidden):
            recovery.split(hana, ("SYN agency", "SYN federation", f"Operator of {HOST}"))
        with pytest.raises(Forbidden):
            recovery.split(places.members["biruk"], HELD)

    def test_older_papers_end_when_new_ones_are_made(self, places):
        hana = places.members["hana"]
        old, new = recovery.split(hana, HELD), recovery.split(hana, HELD)
        with pytest.raises(BadSignature):
            recovery.join(desk(places), old.where, old.lines[:2])
        assert told(places, "recovered:") == set()
        assert recovery.join(desk(places), new.where, new.lines[:2])[0].secrets.root is not None


class TestAttacks:
    def use(self, made, secret, agency, at=NOW):
        said = RecoveryUse(agency, secret.signer().public_key, random_id(), at)
        document = parse_json(said.to_envelope(secret.signer()).to_bytes())
        return HubSession(made.hubs[HOST].url).post(f"/api/v1/agencies/{agency}/recoveries", {"use": document})

    def test_an_admin_without_the_root_cannot_spoil_what_the_papers_open(self, places):
        hana = places.members["hana"]
        shares = recovery.split(hana, HELD)
        rows = hana.hub.get(f"/api/v1/agencies/{hana.agency}")["entries"]
        kind = "application/vnd.rcp.recovery-key+json;v=1"
        (key,) = [row["document"] for row in rows if row["document"]["payloadType"] == kind]
        with pytest.raises(Conflict):
            hana.hub.post(f"/api/v1/agencies/{hana.agency}/recovery", {"key": key, "root": "AAAA", "epochs": "AAAA"})
        heir, _ = recovery.join(desk(places), shares.where, shares.lines[:2])
        assert heir.secrets.root is not None

    def test_nothing_is_given_without_the_shares(self, places):
        hana = places.members["hana"]
        recovery.split(hana, HELD)
        with pytest.raises(BadSignature):
            self.use(places, RecoverySecret.generate(), hana.agency)
        with pytest.raises(BadSignature):
            self.use(places, RecoverySecret.generate(), places.members["amina"].agency)

    def test_a_use_is_answered_once_and_only_when_it_is_fresh(self, places):
        hana = places.members["hana"]
        shares = recovery.split(hana, HELD)
        secret = RecoverySecret.from_shares(shares.lines[:2])
        with pytest.raises(Expired):
            self.use(places, secret, hana.agency, NOW - 601)
        said = RecoveryUse(hana.agency, secret.signer().public_key, random_id(), NOW)
        document = {"use": parse_json(said.to_envelope(secret.signer()).to_bytes())}
        line = HubSession(places.hubs[HOST].url)
        line.post(f"/api/v1/agencies/{hana.agency}/recoveries", document)
        with pytest.raises(Conflict):
            line.post(f"/api/v1/agencies/{hana.agency}/recoveries", document)

    def test_the_papers_of_one_agency_open_no_other(self, places):
        hana, amina = places.members["hana"], places.members["amina"]
        shares = recovery.split(hana, HELD)
        recovery.split(amina, HELD)
        with pytest.raises(BadSignature):
            recovery.join(desk(places), replace(shares.where, agency=amina.agency), shares.lines[:2])

    def test_a_hub_that_gives_other_keys_is_found_out(self, places):
        hana, hub = places.members["hana"], places.hubs[HOST].hub
        shares = recovery.split(hana, HELD)
        key = hana.home().recovery
        with hub.database.write() as connection:
            KeyStore(connection).put_recovery(hana.agency, root=seal_root(key, RootKey.generate()))
        with pytest.raises(BadSignature):
            recovery.join(desk(places), shares.where, shares.lines[:2])
        assert not (places.folder / "heir" / "profile.json").exists()

    def test_a_stranger_keeps_nothing_for_another_agency(self, places):
        hana, amina = places.members["hana"], places.members["amina"]
        recovery.split(hana, HELD)
        with pytest.raises(NotFound):
            amina.hub.put(f"/api/v1/agencies/{hana.agency}/recovery", {"sign": "A" * 43, "epochs": "AAAA"})
        with pytest.raises(Conflict):
            hana.hub.put(f"/api/v1/agencies/{hana.agency}/recovery", {"sign": "A" * 43, "epochs": "AAAA"})
