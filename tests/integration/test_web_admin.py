"""An agency founded, joined, certified and renewed in the browser and at the terminal: each goes on with the other."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import combinations

import pytest
from shamir_mnemonic import combine_mnemonics, generate_mnemonics
from shamir_mnemonic.wordlist import WORDLIST

from hub.client import around, enrol, epochs, links, opening, reading, records, recovery, referrals
from hub.client.enrol import Desk, Invitation
from hub.client.founding import identity_from_value
from hub.client.member import unlock
from hub.client.profile import Account, Profile
from hub.client.referrals import Outgoing
from hub.clock import SetClock
from hub.errors import BadSignature
from hub.keys.certificates import certify, fingerprint
from hub.keys.vault import DeviceSecret
from hub.keys.words import six_words, word_list
from hub.packets.encoding import from_b64u
from tests.conftest import NOW
from tests.support.factories import CERTIFIERS, seed, some_id
from tests.support.web_modules import CLIENT, WebModules, text
from tests.support.world import FOUNDER, PASSPHRASE, SECTIONS, reception, today, world

HOST = "hub.example"
ADMIN = CLIENT.with_name("web_admin.mjs")
CASE = ["caseworker"]
HELD = ["SYN agency", "SYN federation", "SYN federation"]
FACTS = {
    "kind": "io",
    "country": "ET",
    "operator": "SYN operator",
    "parent": None,
    "deputy": None,
    "duty": ["+251 1"],
    "successor": None,
    "no_account": False,
}


@pytest.fixture(scope="module")
def node():
    with WebModules(ADMIN) as running:
        yield running


@pytest.fixture
def made(tmp_path, node):
    node.ask("faults", rows=[])
    with world(tmp_path, SetClock(NOW), HOST) as found:
        yield found


class Browser:
    """A member who works in a browser alone."""

    def __init__(self, node, made, login):
        self.node, self.made, self.login = node, made, login
        self.desk = {"url": made.hubs[HOST].url, "login": login, "passphrase": PASSPHRASE, "now": NOW}
        self.known = {}

    def ask(self, question, **given):
        return self.node.ask(question, name=self.login, **given)

    def done(self, question, **given):
        found = self.ask(question, **given)
        assert "ok" in found, (question, found)
        return found["ok"]

    def at_desk(self, question, **given):
        self.known = self.done(question, **self.desk, **given)
        return self.known

    def founds(self, name, **facts):
        invitation = self.made.hubs[HOST].invite(name)
        begun = self.at_desk("begin", line=invitation.to_text(), facts={**FACTS, **facts})
        identity = identity_from_value(json.loads(begun["request"]))
        certs = [certify(identity, certifier, NOW).to_value() for certifier in CERTIFIERS]
        self.done("finish", certs=[json.dumps(cert) for cert in certs])
        return self

    def on_machine(self):
        """Return the same member at the terminal, with the vault that the browser made."""
        account = Account(self.desk["url"], HOST, self.login, self.known["agency"], self.known["member"])
        device = DeviceSecret(from_b64u(self.known["sheet"]["device"], 16))
        profile = Profile.create(self.made.folder / f"{self.login}-machine", account, device)
        profile.keep(self.known["stored"])
        return unlock(profile.folder, PASSPHRASE, clock=self.made.clock)


def colleague(node, made, admin_line, login):
    found = Browser(node, made, login)
    found.at_desk("enrol", line=admin_line)
    return found


def words_of(browser, roles=CASE):
    device = browser.done("device", roles=roles)
    sign = from_b64u(device["sign"], 32)
    return enrol.Pending("", "", frozenset(), sign, device["recipient"]).words


def refer(made, amina, machine):
    """Let the shelter refer to an agency, which has declared what it must."""
    last = (today(made.clock) + timedelta(days=700)).isoformat()
    around.attest(machine, last, last)
    made.train(amina, made.join(amina, "trainer", {"agency_admin"}))
    to = machine.agency
    held = reception(amina, made.clock, to)
    return referrals.send(amina, Outgoing(to, SECTIONS, held, "reception", "urgent")).handoff


def test_the_words_are_the_same_in_both_and_differ_enough(node):
    assert sorted(set(word_list())) == list(word_list())
    assert len(word_list()) == 2048
    assert node.ask("share_words") == {"ok": WORDLIST}
    for name in ("one", "two"):
        assert node.ask("six_words", key=text(seed(name))) == {"ok": six_words(seed(name))}
    assert six_words(seed("one")) != six_words(seed("two"))


def test_an_agency_founded_in_the_browser_is_read_and_led_from_the_terminal(node, made):
    hana = Browser(node, made, "hana").founds("addis")
    amina = made.found(HOST, "shelter", "shelter", "DJ", "amina")
    machine = hana.on_machine()
    handoff = refer(made, amina, machine)
    assert hana.done("open", handoff=handoff)["sections"]["needs_risk"] == SECTIONS["needs_risk"]
    entry = amina.trust.agency(hana.known["agency"]).entry
    assert (entry.kind, entry.duty, len(entry.enc), len(entry.inboxes)) == ("io", ("+251 1",), 1, 1)
    assert machine.roles() == FOUNDER
    assert machine.secrets.root is not None
    biruk = made.join(machine, "biruk", {"caseworker"})
    assert opening.open_handoff(biruk, handoff)[0].sections["needs_risk"] == SECTIONS["needs_risk"]
    note = records.put(machine, "note", {"text": "SYN"})
    assert hana.done("get", handoff=note)["value"] == {"text": "SYN"}


def test_a_colleague_enrols_in_the_browser_and_is_certified_at_the_terminal_by_six_words(node, made):
    amina = made.found(HOST, "shelter", "shelter", "DJ", "amina")
    line = enrol.invite(amina, CASE, "omar@example.org").to_text()
    assert node.ask("invitation", line=line) == {"ok": line}
    omar = colleague(node, made, line, "omar")
    assert omar.done("is_certified") is False
    with pytest.raises(BadSignature):
        enrol.certify_pending(amina, "omar", " ".join(word_list()[:6]), CASE)
    enrol.certify_pending(amina, "omar", words_of(omar).upper(), CASE)
    enrol.grant_missing(amina)
    assert omar.done("is_certified") is True
    assert omar.done("roles") == CASE
    note = records.put(amina, "note", {"text": "SYN"})
    assert omar.done("get", handoff=note)["value"] == {"text": "SYN"}
    again = omar.ask("enrol", **omar.desk, line=line)
    assert again == {"refused": "unauthenticated"}


def test_an_answer_that_was_lost_enrols_once(node, made):
    amina = made.found(HOST, "shelter", "shelter", "DJ", "amina")
    node.ask("faults", rows=[{"path": "/api/v1/enrolments", "times": 1, "lost": True}])
    omar = colleague(node, made, enrol.invite(amina, CASE).to_text(), "omar")
    assert [row.login for row in enrol.pending(amina)] == ["omar"]
    assert omar.done("is_certified") is False


def test_an_admin_in_the_browser_certifies_only_the_keys_that_were_read_out(node, made):
    hana = Browser(node, made, "hana").founds("addis")
    line = hana.done("invite", roles=CASE, url=hana.desk["url"])
    desk = made.desk("biruk")
    biruk, _ = enrol.enrol(desk, Invitation.from_text(line))
    mine = enrol.this_device(biruk, CASE)
    (waiting,) = hana.done("pending")
    thief = {**waiting, "recipient": hana.done("device", roles=[])["recipient"]}
    node.ask("faults", rows=[{"path": "/api/v1/enrolments", "body": json.dumps([thief])}])
    for said in (mine.words, mine.fingerprint):
        assert hana.ask("certify", login="biruk", said=said, roles=CASE) == {"refused": "bad_signature"}
    node.ask("faults", rows=[])
    assert hana.ask("certify", login="nobody", said=mine.words, roles=CASE) == {"refused": "not_found"}
    assert hana.ask("certify", login="biruk", said="abacus " * 6, roles=CASE) == {"refused": "bad_signature"}
    assert biruk.roles() == frozenset()
    assert hana.done("certify", login="biruk", said=mine.words.replace(" ", ", "), roles=CASE) == biruk.id
    assert hana.done("grant") == [biruk.id]
    note = hana.done("put", kind="note", value={"text": "SYN"})
    assert records.get(biruk, note).value == {"text": "SYN"}
    assert node.ask("is_device", device=waiting, said=mine.fingerprint.replace(" ", "")) == {"ok": True}


def test_a_hub_that_slips_in_a_device_is_refused_by_everybody(node, made):
    hana = Browser(node, made, "hana").founds("addis")
    amina = made.found(HOST, "shelter", "shelter", "DJ", "amina")
    agency = hana.known["agency"]
    served = amina.hub.get(f"/api/v1/agencies/{agency}")
    other = amina.hub.get(f"/api/v1/agencies/{amina.agency}")
    lie = {**served, "entries": [*served["entries"], other["entries"][-1]]}
    path = f"/api/v1/agencies/{agency}".replace(":", "%3A").replace("@", "%40")
    node.ask("faults", rows=[{"path": path, "body": json.dumps(lie)}])
    hana.done("forget")
    assert hana.ask("agency", agency=agency) == {"refused": "bad_signature"}


def test_who_left_has_nothing_that_counts_and_the_next_key_is_on_everything(node, made):
    hana = Browser(node, made, "hana").founds("addis")
    amina = made.found(HOST, "shelter", "shelter", "DJ", "amina")
    machine = hana.on_machine()
    biruk, selam = (made.join(machine, login, {"caseworker"}) for login in ("biruk", "selam"))
    handoff = refer(made, amina, machine)
    note = hana.done("put", kind="note", value={"text": "SYN"}, attachments={"a.bin": text(bytes(1_100_000))})
    hana.done("change", changes={"deputy": biruk.id, "duty": ["+251 2", "+251 3"]})
    assert hana.ask("remove", gone=hana.known["member"]) == {"refused": "forbidden"}
    hana.done("remove", gone=selam.id)
    assert hana.done("old_key") == [selam.id]
    renewed = hana.done("renew")
    assert (renewed["epoch"], renewed["closed"], renewed["frozen"]) == (2, [], 0)
    assert renewed["done"] >= 2
    assert hana.done("renew")["done"] == 0
    assert hana.done("old_key") == []
    biruk.trust.forget()
    assert opening.open_handoff(biruk, handoff)[0].sections["needs_risk"] == SECTIONS["needs_risk"]
    assert records.get(biruk, note).attachments == {"a.bin": 1_100_000}
    assert hana.done("open", handoff=handoff)["author"] == amina.id
    entry = biruk.home().entry
    assert (entry.deputy, entry.duty) == (biruk.id, ("+251 2", "+251 3"))
    found = hana.done("changes", since=-1)
    assert [row["what"] for row in found].count("revocation") == 1
    assert hana.done("changes", since=found[-1]["index"]) == []


def test_headers_that_one_client_renewed_are_opened_by_the_other(node, made):
    amina = made.found(HOST, "shelter", "shelter", "DJ", "amina")
    omar = colleague(node, made, enrol.invite(amina, CASE).to_text(), "omar")
    enrol.certify_pending(amina, "omar", words_of(omar), CASE)
    made.join(amina, "ali", {"caseworker"})
    note = records.put(amina, "note", {"text": "SYN"})
    enrol.remove_member(amina, "ali")
    assert omar.ask("start")["ok"]["epoch"] == 2  # made here, and published by nobody: the root is amina's
    assert omar.ask("renew") == {"refused": "forbidden"}
    epochs.renew(amina)
    omar.done("forget")
    assert omar.done("get", handoff=note)["value"] == {"text": "SYN"}
    assert reading.show(amina, note).packets[0].manifest.files[0].epoch == 1


def test_a_lost_device_comes_back_as_the_same_member(node, made):
    hana = Browser(node, made, "hana").founds("addis")
    machine = hana.on_machine()
    selam = made.join(machine, "selam", {"caseworker"})
    line = hana.done("lose", gone=selam.id, url=hana.desk["url"])
    again = Browser(node, made, "selam")
    assert again.at_desk("enrol", line=line)["member"] == selam.id
    hana.done("certify", login="selam", said=words_of(again), roles=CASE)
    assert hana.done("renew")["granted"] == [selam.id]
    note = hana.done("put", kind="note", value={"text": "SYN"})
    assert again.done("get", handoff=note)["value"] == {"text": "SYN"}


def test_what_two_devices_of_one_member_came_to_believe_is_kept_together(node, made):
    amina = made.found(HOST, "shelter", "shelter", "DJ", "amina")
    others = [made.found(HOST, name, "io", "ET", login).agency for name, login in (("one", "hana"), ("two", "saba"))]
    device = text(amina.profile.device.value)
    desks = [Browser(node, made, name) for name in ("desk", "phone", "later")]
    for desk in desks[:2]:
        desk.done("sign_in", **{**desk.desk, "login": "amina"}, device=device)
    desk, phone, later = desks
    digits = fingerprint(amina.trust.agency(others[0]).entry.root)
    assert desk.done("agency", agency=others[0], digits=digits) == "fingerprint"
    assert phone.done("agency", agency=others[0]) == "certified"
    assert phone.done("agency", agency=others[1]) == "certified"
    desk.done("keep_pins")
    phone.done("keep_pins")
    later.done("sign_in", **{**later.desk, "login": "amina"}, device=device)
    kept = later.done("pins")["agencies"]
    assert [kept[name]["how"] for name in others] == ["fingerprint", "certified"]
    seen = later.done("sign_in", **{**later.desk, "login": "amina"}, device=device)["seen"]
    later.done("keep_pins")
    assert later.done("sign_in", **{**later.desk, "login": "amina"}, device=device)["seen"] == seen
    assert later.done("pins") == phone.done("pins")


def test_links_that_somebody_made_who_left_are_revoked(node, made):
    daher = made.found(HOST, "authority", "authority", "DJ", "daher")
    amina = made.found(HOST, "shelter", "shelter", "DJ", "amina")
    ali = made.join(amina, "ali", {"caseworker"})
    handoffs = {}
    for who in (ali, amina):
        made.train(who, amina if who is ali else made.join(amina, "trainer", {"agency_admin"}))
        held = reception(who, made.clock, daher.agency, country="DJ")
        issued = links.issue(who, daher.agency)
        out = Outgoing(daher.agency, SECTIONS, held, "reception", "urgent", link=issued.link)
        handoffs[who] = referrals.send(who, out).handoff
    browser = Browser(node, made, "amina")
    browser.done("sign_in", **browser.desk, device=text(amina.profile.device.value))
    browser.done("remove", gone=ali.id)
    assert browser.done("revoke_links", gone=ali.id) == [handoffs[ali]]
    assert browser.done("revoke_links", gone=ali.id) == []
    assert [reading.show(amina, row).chain.revoked for row in handoffs.values()] == [True, False]


def test_shares_are_those_of_the_standard(node):
    secret = seed("recovery")
    lines = node.ask("in_shares", secret=text(secret))["ok"]
    for pair in combinations(lines, 2):
        assert combine_mnemonics(list(pair)) == secret
    for extendable in (True, False):
        ((one, two, _),) = generate_mnemonics(1, [(2, 3)], secret, extendable=extendable)
        assert node.ask("of_shares", lines=[f"  {two.upper()} ", one]) == {"ok": text(secret)}
    other = node.ask("in_shares", secret=text(secret))["ok"]
    spoilt = " ".join([*lines[1].split()[:-1], "academic"])
    for bad in ([lines[0]], [lines[0], lines[0]], [lines[0], other[1]], [lines[0], spoilt], [lines[0], "no words"], []):
        assert node.ask("of_shares", lines=bad) == {"refused": "malformed"}


def test_an_agency_is_recovered_by_either_client_from_papers_of_the_other(node, made):
    hana = Browser(node, made, "hana").founds("addis")
    note = hana.done("put", kind="note", value={"text": "SYN"})
    papers = hana.done("split", held=HELD, url=hana.desk["url"])
    where = Invitation.from_text(papers["where"])
    back, _ = recovery.join(Desk(made.folder / "back", "back", PASSPHRASE, made.clock), where, papers["lines"][1:])
    assert back.secrets.root is not None
    assert records.get(back, note).value == {"text": "SYN"}
    shares = recovery.split(back, HELD)
    again = Browser(node, made, "again")
    wrong = again.ask("join", **again.desk, where=papers["where"], lines=papers["lines"][:2])
    assert "refused" in wrong
    again.at_desk("join", where=shares.where.to_text(), lines=shares.lines[:2])
    assert again.done("roles") == ["supervisor", "agency_admin"]
    assert again.done("get", handoff=note)["value"] == {"text": "SYN"}
    assert [row["what"] for row in again.done("changes", since=-1)].count("recovery-use") == 2


def test_an_invitation_that_is_none_or_for_another_hub_says_so(node, made):
    amina = made.found(HOST, "shelter", "shelter", "DJ", "amina")
    line = enrol.invite(amina, CASE).to_text()
    for bad in ("", "hello", line[:-8], Invitation.from_text(line).code):
        assert node.ask("invitation", line=bad) == {"refused": "malformed"}
    found = Browser(node, made, "omar")
    invitation = Invitation.from_text(line)
    liar = Invitation(
        invitation.url, HOST, CERTIFIERS[0].public_key, amina.agency, frozenset(CASE), frozenset(), invitation.code
    )
    assert found.ask("enrol", **found.desk, line=liar.to_text()) == {"refused": "bad_signature"}
    assert [row.login for row in enrol.pending(amina)] == []
    assert some_id() not in line
