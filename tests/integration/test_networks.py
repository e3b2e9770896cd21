"""Networks of focal points: who is a country's entry point, whether it says so itself, and to whom it may pass on."""

from __future__ import annotations

import pytest

from hub.client import around, networks, opening, referrals
from hub.client import basis as bases
from hub.client.networks import Known
from hub.client.referrals import Outgoing
from hub.clock import FileClock, SetClock
from hub.directory.networks.document import Confirmation, Entry, Network, read_document, sign_document
from hub.directory.networks.store import Networks
from hub.errors import (
    BadSignature,
    Conflict,
    ConsentMissing,
    Expired,
    Forbidden,
    HubError,
    InvalidRequest,
    NotFound,
    RateLimited,
)
from hub.federation.pull import remove_peer
from hub.ids import agency_id
from tests.conftest import NOW
from tests.support import terminal
from tests.support.world import PASSPHRASE, consent, grant, protocol, world

SN, GW = "sn.example", "gw.example"
UNTIL = "2027-12-31"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A network's secretariat and a focal point in Dakar; a focal point and two organisations in Guinea-Bissau."""
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), SN, GW) as made:
        for host, name, kind, country in (
            (SN, "secretariat", "io", "SN"),
            (SN, "focal-dakar", "authority", "SN"),
            (GW, "focal-bissau", "authority", "GW"),
            (GW, "gabu", "ngo", "GW"),
            (GW, "bafata", "ngo", "GW"),
        ):
            made.found(host, name, kind, country, name)
        for name in ("focal-dakar", "focal-bissau"):
            trainer = made.join(made.members[name], f"trainer-{name}", {"agency_admin"})
            made.train(made.members[name], trainer)
        made.befriend()
        yield made


@pytest.fixture
def secretariat(place):
    return place.members["secretariat"]


@pytest.fixture
def dakar(place):
    return place.members["focal-dakar"]


@pytest.fixture
def bissau(place):
    return place.members["focal-bissau"]


@pytest.fixture
def wan(place, secretariat, bissau, dakar):
    place.clock.at += 1
    rows = [
        {"country": "GW", "agency": bissau.agency, "deputy": agency_id("gabu", GW)},
        {"country": "SN", "agency": dakar.agency, "deputy": None},
        {"country": "GN", "agency": agency_id("nobody", GW), "deputy": None},
    ]
    found = networks.publish(secretariat, "wan", "West Africa Network", rows, UNTIL)
    place.run()
    return found


def entry(member, country):
    (found,) = Known(member).entry_points(country)
    return found


def test_who_knows_nobody_there_is_proposed_the_entry_point_of_the_country(dakar, bissau, wan):
    found = entry(dakar, "GW")
    assert (found.to, found.agency, found.network.title) == (bissau.agency, bissau.agency, "West Africa Network")
    assert entry(bissau, "SN").to == dakar.agency
    assert Known(dakar).entry_points("NP") == []


def test_being_named_is_not_yet_confirmed_until_the_agency_says_so_itself(place, dakar, bissau, wan):
    networks.confirm(bissau, Known(bissau).network("wan"), confirmed=False)
    place.run()
    assert not entry(dakar, "GW").confirmed
    place.clock.at += 1
    networks.confirm(bissau, Known(bissau).network("wan"))
    place.run()
    assert entry(dakar, "GW").confirmed is True
    place.clock.at += 1
    networks.confirm(bissau, Known(bissau).network("wan"), confirmed=False)
    place.run()
    assert entry(dakar, "GW").confirmed is False
    assert entry(dakar, "GW").to == agency_id("gabu", GW), "it says that it is none, so its deputy is proposed"
    place.clock.at += 1
    networks.confirm(bissau, Known(bissau).network("wan"))
    place.run()


def test_a_deputy_confirms_for_itself_alone(place, dakar, wan):
    gabu = place.members["gabu"]
    networks.confirm(gabu, Known(gabu).network("wan"))
    place.run()
    found = entry(dakar, "GW")
    assert (found.deputy_confirmed, entry(dakar, "SN").confirmed) == (True, None)


def test_an_agency_that_nobody_vouches_for_is_named_but_never_proposed(dakar, wan):
    assert entry(dakar, "GN").to is None


def test_only_who_is_named_confirms_and_only_coordinators_or_admins_sign(place, dakar, wan):
    bafata = place.members["bafata"]
    with pytest.raises(InvalidRequest):
        networks.confirm(bafata, Known(bafata).network("wan"))
    worker = place.members.get("worker") or place.join(dakar, "worker", {"caseworker"})
    for act in (
        lambda: networks.confirm(worker, Known(worker).network("wan")),
        lambda: networks.publish(worker, "own", "Own", [{"country": "SN", "agency": dakar.agency}], UNTIL),
    ):
        with pytest.raises(Forbidden):
            act()


def signed(member, said):
    return sign_document(said, member.signer)


def test_nobody_signs_for_another_agency(place, secretariat, dakar, wan):
    lie = Network("wan", secretariat.agency, "Ours now", (Entry("SN", dakar.agency, None),), UNTIL, place.clock.now())
    with pytest.raises(Forbidden):
        dakar.hub.put(networks._PATH, {"document": signed(dakar, lie)})
    claim = Confirmation("wan", secretariat.agency, "GW", secretariat.agency, True, UNTIL, place.clock.now())
    with pytest.raises(BadSignature):
        secretariat.hub.put(networks._PATH, {"document": signed(dakar, claim)})


def test_an_older_list_never_comes_back_and_the_same_again_changes_nothing(place, secretariat, dakar, wan):
    secretariat.hub.put(networks._PATH, {"document": signed(secretariat, wan)})
    old = Network("wan", secretariat.agency, "Before", (Entry("SN", dakar.agency, None),), UNTIL, wan.at - 1)
    with pytest.raises(Conflict):
        secretariat.hub.put(networks._PATH, {"document": signed(secretariat, old)})


def test_a_hub_that_invents_a_list_is_not_believed(place, dakar, bissau, wan):
    """Its own rows are its own to change, so the client looks at the signatures."""
    fake = Network("wan-2", wan.secretariat, "Invented", (Entry("GW", agency_id("bafata", GW), None),), UNTIL, NOW)
    with place.hubs[SN].hub.database.write() as connection:
        Networks(connection).put(fake, signed(bissau, fake))
    claim = Confirmation("wan", wan.secretariat, "SN", dakar.agency, True, UNTIL, NOW)
    with place.hubs[SN].hub.database.write() as connection:
        Networks(connection).put(claim, signed(bissau, claim))
    assert entry(dakar, "SN").confirmed is None
    known = Known(dakar)
    assert known.unproven == 1
    with pytest.raises(NotFound):
        known.network("wan-2")
    place.run()
    with pytest.raises(NotFound):
        Known(bissau).network("wan-2")


def test_a_list_ends_with_its_last_day(place, dakar, secretariat):
    place.clock.at += 1
    rows = [{"country": "ML", "agency": dakar.agency, "deputy": None}]
    networks.publish(secretariat, "short", "Short", rows, "2020-01-01")
    assert Known(dakar).entry_points("ML") == []


def read(said, member, now):
    return read_document(signed(member, said), [member.signer.public_key], now=now)


def test_a_list_reads_as_it_was_signed_and_not_if_it_is_of_no_form(secretariat, wan):
    assert read(wan, secretariat, NOW) == wan
    with pytest.raises(Expired):
        read(wan, secretariat, wan.at - 601)
    rows = (Entry("GW", wan.secretariat, None), Entry("GW", wan.secretariat, None))
    for entries, until in ((rows, UNTIL), ((), UNTIL), (rows[:1], "2031-01-01")):
        with pytest.raises(InvalidRequest):
            sign_document(Network("wan", wan.secretariat, "W", entries, until, NOW), secretariat.signer)
    for wrong in ({}, {"payloadType": "x"}, {**signed(secretariat, wan), "payload": "e30="}):
        with pytest.raises(HubError):
            read_document(wrong, [secretariat.signer.public_key], now=NOW)


def test_the_entry_point_passes_on_to_whom_the_consent_names_and_to_no_third_one(place, dakar, bissau, wan):
    """R15: from Dakar to the proposed focal point, on to the organisation in Gabú, and not to the one in Bafatá."""
    gabu, bafata = place.members["gabu"], place.members["bafata"]
    to = entry(dakar, "GW").to
    scope = grant(
        place.clock, to, categories={"minimal_contact"}, purpose="reception", country="GW", onward=[gabu.agency]
    )
    around.put_protocol(dakar, {**protocol(place.clock), "countries": ["GW", "SN"]})
    held = bases.draft(dakar, consent(place.clock, scope), "to the focal point")
    said = {"minimal_contact": {"first_name": "Syn-Idrissa"}}
    sent = referrals.send(dakar, Outgoing(to, said, held, "reception"))
    place.run()
    opening.open_handoff(bissau, sent.handoff)
    on = opening.received(bissau, sent.handoff)
    with pytest.raises(ConsentMissing) as refusal:
        referrals.send(bissau, Outgoing(bafata.agency, said, on, "reception"))
    assert {row["rule"] for row in refusal.value.facts["reasons"]} == {"R15"}
    passed = referrals.send(bissau, Outgoing(gabu.agency, said, on, "reception"))
    (opened,) = opening.open_handoff(gabu, passed.handoff)
    assert opened.sections["minimal_contact"] == said["minimal_contact"]


def test_the_commands_show_propose_and_confirm(place, dakar, bissau, wan, tmp_path):
    FileClock(tmp_path / "clock").put(place.clock.now() + 1, factor=0)
    (tmp_path / "passphrase").write_text(PASSPHRASE)
    place.clock.at += 1

    def hub(member, *words, code=0):
        given = ("--profile", member.profile.folder, "--passphrase-file", tmp_path / "passphrase", "network")
        return terminal.hub(*given, *words, code=code, HUB_CLOCK_FILE=str(tmp_path / "clock"))

    assert "West Africa Network" in hub(dakar, "list")
    assert "focal-bissau@gw.example" in hub(dakar, "show", "wan")
    assert "hub send PACKET --to focal-bissau@gw.example" in hub(dakar, "entry", "GW")
    assert "no network" in hub(dakar, "entry", "NP", code=7)
    assert "GW" in hub(bissau, "confirm", "wan")
    place.run()
    assert "confirmed" in hub(dakar, "entry", "GW")
    file = tmp_path / "own.json"
    file.write_text('{"network": "own", "title": "Own", "entries": [{"country": "CI", "agency": "focal-dakar"}]}')
    assert "own" in hub(dakar, "publish", file, "--until", UNTIL)
    file.write_text('{"network": "own", "title": "Own", "entries": [{"country": "CI"}]}')
    hub(dakar, "publish", file, "--until", UNTIL, code=2)


def test_a_hub_that_is_no_peer_any_more_leaves_no_network(tmp_path):
    with world(tmp_path, SetClock(NOW), SN, GW) as made:
        one = made.found(SN, "secretariat", "io", "SN", "secretariat")
        other = made.found(GW, "focal-bissau", "authority", "GW", "focal-bissau")
        made.befriend()
        networks.publish(one, "wan", "WAN", [{"country": "GW", "agency": other.agency}], UNTIL)
        made.run()
        assert Known(other).networks
        remove_peer(made.hubs[GW].hub, SN)
        assert not Known(other).networks


def test_no_agency_fills_the_list_of_all_hubs(place, wan):
    bafata = place.members["bafata"]
    claims = [Confirmation(f"n-{n}", wan.secretariat, "GW", bafata.agency, True, UNTIL, NOW) for n in range(501)]
    with place.hubs[GW].hub.database.write() as connection:
        for claim in claims[1:]:
            Networks(connection).put(claim, signed(bafata, claim))
    with pytest.raises(RateLimited):
        bafata.hub.put(networks._PATH, {"document": signed(bafata, claims[0])})
    bafata.hub.put(networks._PATH, {"document": signed(bafata, claims[1])})
