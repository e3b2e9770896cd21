"""The web client over two hubs, beside colleagues with Python's: each reads what the other does; no hub lies to it."""

from __future__ import annotations

import json

import pytest

from hub.client import enrol, epochs, opening, reading, records, referrals
from hub.client.referrals import Outgoing
from hub.clock import SetClock
from hub.errors import PeerMisbehaved
from tests.conftest import NOW
from tests.support.factories import some_hash, some_id
from tests.support.web_modules import CLIENT, WebModules, text
from tests.support.world import PASSPHRASE, SECTIONS, populated, reception, world

HOME, AWAY = "dj.example", "et.example"


@pytest.fixture(scope="module")
def two_hubs(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, AWAY) as made:
        yield populated(made, HOME, AWAY)


@pytest.fixture(scope="module")
def node():
    with WebModules(CLIENT) as running:
        yield running


class Browser:
    """A member's browser: the same login, passphrase and device secret as on their machine."""

    def __init__(self, node, member):
        self.node, self.member = node, member

    def ask(self, question, **given):
        return self.node.ask(question, name=self.member.account.login, **given)

    def done(self, question, **given):
        found = self.ask(question, **given)
        assert "ok" in found, found
        return found["ok"]

    def sign_in(self, **changes):
        account, device = self.member.account, self.member.profile.device
        known = {"url": account.url, "login": account.login, "passphrase": PASSPHRASE, "now": NOW}
        return self.ask("sign_in", **{**known, "device": text(device.value), **changes})


@pytest.fixture
def browser(two_hubs, node):
    node.ask("faults", rows=[])
    found = Browser(node, two_hubs.members["amina"])
    assert "ok" in found.sign_in()
    return found


@pytest.fixture
def abroad(two_hubs, node):
    node.ask("faults", rows=[])
    found = Browser(node, two_hubs.members["hana"])
    assert "ok" in found.sign_in()
    return found


def referred(two_hubs):
    amina, hana = two_hubs.members["amina"], two_hubs.members["hana"]
    held = reception(amina, two_hubs.clock, hana.agency)
    handoff = referrals.send(amina, Outgoing(hana.agency, SECTIONS, held, "reception", "urgent")).handoff
    two_hubs.run()
    return handoff


def served(member, path):
    return member.hub.get(path)


def lie(node, path, value, status=200):
    node.ask("faults", rows=[{"path": path, "body": json.dumps(value), "status": status}])


def test_a_member_signs_in_with_two_secrets(two_hubs, browser):
    amina = two_hubs.members["amina"]
    found = browser.sign_in()["ok"]
    assert (found["agency"], found["member"]) == (amina.agency, amina.id)
    assert set(found["roles"]) == amina.roles()
    assert browser.sign_in(passphrase="guessed") == {"refused": "unauthenticated"}
    assert browser.sign_in(device=text(bytes(16))) == {"refused": "unauthenticated"}
    assert browser.sign_in(login="nobody") == {"refused": "unauthenticated"}


def test_a_hub_can_neither_weaken_the_derivation_nor_serve_an_old_vault(node, browser):
    stored = served(browser.member, "/api/v1/vault")
    lie(node, "/api/v1/vault", {**stored, "kdf": {**stored["kdf"], "mem": 1024 * 1024}})
    assert browser.sign_in() == {"refused": "unsupported_version"}
    node.ask("faults", rows=[])
    assert browser.sign_in(seen=10_000) == {"refused": "bad_signature"}
    lie(node, "/api/v1/vault", {**stored, "version": stored["version"] + 1})
    assert browser.sign_in() == {"refused": "bad_signature"}


def test_a_referral_is_read_and_opened_abroad_in_the_browser(two_hubs, abroad):
    handoff = referred(two_hubs)
    shown = abroad.done("show", handoff=handoff)
    expect = reading.show(two_hubs.members["hana"], handoff)
    assert shown["state"] == expect.state == "delivered"
    assert shown["heads"] == list(expect.heads)
    assert [line["hash"] for line in shown["lines"]] == [line.hash for line in expect.lines]
    assert [line["position"] for line in shown["lines"]] == [line.position for line in expect.lines]
    opened = abroad.done("open", handoff=handoff)
    assert opened["sections"]["minimal_contact"] == SECTIONS["minimal_contact"]
    assert opened["author"] == two_hubs.members["amina"].id


@pytest.mark.parametrize("state", ["accepted", "claimed"])
def test_a_state_for_which_the_ordering_hub_has_signed_no_place_is_refused_alike(
    two_hubs, node, abroad, monkeypatch, state
):
    handoff, hana = referred(two_hubs), two_hubs.members["hana"]
    path = f"/api/v1/handoffs/{handoff}"
    told = served(hana, path)
    told |= {"state": state, "statements": [{**row, "words": []} for row in told["statements"]]}
    lie(node, path, told)
    assert abroad.ask("show", handoff=handoff) == {"refused": "peer_misbehaved"}
    honest = hana.hub.get
    monkeypatch.setattr(hana.hub, "get", lambda asked, **more: told if asked == path else honest(asked, **more))
    with pytest.raises(PeerMisbehaved):
        reading.show(hana, handoff)


def test_steps_taken_in_the_browser_reach_the_sender(two_hubs, abroad, browser):
    handoff, amina = referred(two_hubs), two_hubs.members["amina"]
    steps = (
        ("referral.acknowledge", {}, None),
        ("referral.ask", {}, {"text": "Does she speak Afar?"}),
    )
    for kind, body, words in steps:
        abroad.done("say", handoff=handoff, type=kind, body=body, words=words)
        two_hubs.run()
    packets = opening.open_handoff(amina, handoff)
    assert packets[0].sections["reply"]["text"] == "Does she speak Afar?"
    assert browser.done("open", handoff=handoff)["sections"]["reply"]["text"] == "Does she speak Afar?"
    assert browser.done("show", handoff=handoff)["state"] == reading.show(amina, handoff).state


def test_a_step_that_is_not_possible_says_so(two_hubs, abroad):
    handoff = referred(two_hubs)
    said = abroad.ask("say", handoff=handoff, type="referral.resume", body={})
    assert said == {"refused": "illegal_transition"}
    assert abroad.ask("say", handoff=handoff, type="referral.accept", body={}) == {"refused": "malformed"}
    assert abroad.ask("show", handoff=some_id("none")) == {"refused": "not_found"}


def test_records_are_kept_by_either_client_and_read_by_the_other(two_hubs, browser):
    amina = two_hubs.members["amina"]
    mine = records.put(amina, "note", {"text": "SYN from Python"})
    found = browser.done("get", handoff=mine)
    assert (found["kind"], found["value"]) == ("note", {"text": "SYN from Python"})
    theirs = browser.done("put", kind="note", value={"text": "SYN from a browser"})
    assert records.get(amina, theirs, "note").value == {"text": "SYN from a browser"}
    files = {"scan.bin": text(bytes(1100) * 1000)}
    browser.done("put", kind="note", value={"text": "newer"}, handoff=theirs, attachments=files)
    record = records.get(amina, theirs)
    assert (record.value["text"], record.attachments, len(record.authors)) == ("newer", {"scan.bin": 1_100_000}, 2)
    assert browser.done("get", handoff=theirs)["attachments"] == ["scan.bin"]
    assert browser.ask("get", handoff=theirs, kind="draft") == {"refused": "not_found"}
    listed = set(browser.done("list", kinds=["note"], since=0))
    assert listed == {row.handoff for row in records.listing(amina, "note")}
    assert browser.done("list", kinds=["note"], since=NOW + 1) == []


def test_what_breaks_on_the_way_is_sent_again_and_counts_once(two_hubs, node, browser):
    before = len(records.listing(two_hubs.members["amina"], "note"))
    for fault in ({"broken": True}, {"lost": True}, {"status": 503}):
        node.ask("faults", rows=[{"path": "/api/v1/handoffs", "times": 2, **fault}])
        browser.done("put", kind="note", value={"text": "once"})
    assert len(records.listing(two_hubs.members["amina"], "note")) == before + 3
    node.ask("faults", rows=[{"path": "/api/v1/handoffs", "broken": True}])
    assert browser.ask("put", kind="note", value={}) == {"refused": "peer_unreachable"}
    node.ask("faults", rows=[{"path": "/api/v1/vault", "times": 1, "broken": True}])
    assert browser.ask("keep") == {"refused": "peer_unreachable"}


def test_a_session_that_has_ended_is_renewed_once(node, browser):
    node.ask("faults", rows=[{"path": "/api/v1/grants", "times": 1, "status": 401}])
    handoff = browser.done("put", kind="note", value={"text": "renewed"})
    browser.sign_in()
    node.ask("faults", rows=[{"path": "/api/v1/handoffs", "times": 1, "status": 401}])
    assert browser.done("get", handoff=handoff)["value"] == {"text": "renewed"}
    assert ["POST", "/api/v1/sessions"] in node.ask("requests")["ok"]
    browser.done("sign_out")
    assert browser.ask("get", handoff=handoff) == {"refused": "unauthenticated"}


def test_many_questions_at_once_sign_in_once_and_see_one_log(two_hubs, node, abroad, browser):
    rows = [referred(two_hubs) for _ in range(3)]
    browser.done("unlock", passphrase=PASSPHRASE, url=browser.member.account.url, now=NOW)
    node.ask("faults", rows=[])
    assert browser.done("show_all", rows=rows) == rows
    asked = node.ask("requests")["ok"]
    assert asked.count(["POST", "/api/v1/sessions"]) == 1
    assert abroad.done("show_all", rows=rows) == rows


def test_a_vault_opens_without_a_network_and_works_when_it_is_back(node, browser):
    handoff = browser.done("put", kind="note", value={"text": "kept"})
    node.ask("faults", rows=[{"path": "/", "broken": True}])
    given = {"url": browser.member.account.url, "now": NOW}
    assert browser.ask("unlock", passphrase="guessed", **given) == {"refused": "bad_signature"}
    browser.done("unlock", passphrase=PASSPHRASE, **given)
    assert browser.ask("get", handoff=handoff) == {"refused": "peer_unreachable"}
    node.ask("faults", rows=[])
    assert browser.done("get", handoff=handoff)["value"] == {"text": "kept"}


def on_a_phone(browser):
    """Somebody opens the vault that their phone has kept, with what else it keeps."""
    given = {"passphrase": PASSPHRASE, "url": browser.member.account.url, "now": NOW}
    browser.done("unlock", phone=True, **given)
    return browser


def test_without_a_line_each_agency_is_judged_by_the_log_as_it_was_when_it_was_verified(two_hubs, node, browser):
    node.ask("faults", rows=[])
    beside, first, phone = two_hubs.members["tesfaye"].agency, referred(two_hubs), on_a_phone(browser)
    for _ in range(2):
        assert phone.done("show", handoff=first)["id"] == first
    referred(two_hubs)
    assert phone.done("agency", agency=beside) == "certified"

    node.ask("faults", rows=[{"path": "/", "broken": True}])
    for how in ("pinned", "certified"):  # as it was left, and unlocked again with what the vault had believed
        phone.done("forget")
        assert phone.done("show", handoff=first)["id"] == first
        assert phone.done("agency", agency=beside) == how
        assert phone.ask("agency", agency=beside, digits="1") == {"refused": "peer_unreachable"}
        on_a_phone(browser)


def test_a_hub_that_answers_is_not_judged_by_what_a_phone_keeps(two_hubs, node, browser):
    node.ask("faults", rows=[])
    hana, phone = two_hubs.members["hana"], on_a_phone(browser)
    path = f"/api/v1/agencies/{hana.agency}".replace(":", "%3A").replace("@", "%40")
    phone.done("agency", agency=hana.agency)  # nobody may have met her agency on this phone
    assert phone.done("agency", agency=hana.agency) == "pinned"
    older = served(two_hubs.members["amina"], f"/api/v1/agencies/{hana.agency}")
    referred(two_hubs)
    two_hubs.run()  # peers are asked before anything is delivered: only now does home see that log grow
    assert phone.done("agency", agency=hana.agency) == "pinned"
    lie(node, path, older)
    assert phone.ask("agency", agency=hana.agency) == {"refused": "bad_signature"}
    for status, code in ((404, "peer_misbehaved"), (503, "peer_unreachable")):
        lie(node, path, "none", status)
        assert phone.ask("agency", agency=hana.agency) == {"refused": code}


def test_what_was_typed_about_a_handoff_goes_when_its_copy_is_erased(two_hubs, node, abroad):
    node.ask("faults", rows=[])
    handoff, other, phone = referred(two_hubs), referred(two_hubs), on_a_phone(abroad)
    phone.done("open", handoff=handoff)
    names = [f"step/{handoff}/decline", "compose", f"step/{other}/decline", "consent/new"]
    phone.done(
        "type", rows=list(zip(names, ["SYN why", {"came": handoff, "words": "SYN"}, "SYN", {"v": 1}], strict=True))
    )
    assert phone.done("typed") == names
    assert phone.done("erase", handoff=handoff) > 0
    assert phone.done("typed") == names[2:]


def test_a_packet_that_a_phone_kept_opens_after_its_header_was_renewed(two_hubs, node, abroad):
    node.ask("faults", rows=[])
    hana, handoff, phone = two_hubs.members["hana"], referred(two_hubs), on_a_phone(abroad)
    phone.done("open", handoff=handoff)
    node.ask("faults", rows=[])
    assert phone.done("open", handoff=handoff)["sections"]["minimal_contact"] == SECTIONS["minimal_contact"]
    assert not [path for _, path in node.ask("requests")["ok"] if "/files/" in path]

    two_hubs.join(hana, "selam", {"caseworker"})
    enrol.remove_member(hana, "selam")
    del two_hubs.members["selam"]
    epochs.renew(hana)
    phone.done("forget")
    assert phone.done("open", handoff=handoff)["sections"]["minimal_contact"] == SECTIONS["minimal_contact"]
    node.ask("faults", rows=[{"path": "/", "broken": True}])
    assert phone.done("open", handoff=handoff)["author"] == two_hubs.members["amina"].id


def test_a_packet_that_a_line_spoilt_once_is_asked_for_again(two_hubs, node, abroad):
    handoff, phone = referred(two_hubs), on_a_phone(abroad)
    node.ask("faults", rows=[{"path": "/api/v1/packets/", "body": "no packet", "times": 1}])
    for _ in range(2):
        assert phone.done("open", handoff=handoff)["sections"]["minimal_contact"] == SECTIONS["minimal_contact"]


def test_nothing_secret_stands_in_an_address(node, browser):
    handoff = browser.done("put", kind="note", value={"text": "SYN"})
    browser.done("get", handoff=handoff)
    member = browser.member
    for _, path in node.ask("requests")["ok"]:
        assert member.id not in path
        assert "SYN" not in path


def test_the_vault_that_a_browser_keeps_opens_on_the_machine(two_hubs, browser):
    daher = two_hubs.members["daher"]
    other = Browser(browser.node, daher)
    seen = other.sign_in()["ok"]["seen"]
    other.done("keep")
    stored = served(daher, "/api/v1/vault")
    daher.profile.keep(stored)
    assert daher.profile.unlock(PASSPHRASE).version == seen + 1
    assert other.sign_in(seen=seen + 1)["ok"]["seen"] == seen + 1


def _lies(view):
    first = view["statements"][0]
    yield "another state", {**view, "state": "accepted"}, "peer_misbehaved"
    yield "another handoff", {**view, "id": some_id("other")}, "peer_misbehaved"
    yield "another sender", {**view, "from_agency": view["to_agency"]}, None
    yield "another name", {**view, "statements": [{**first, "hash": some_hash()}]}, "peer_misbehaved"
    yield "nothing", {**view, "statements": []}, "peer_misbehaved"
    yield "first one gone", {**view, "statements": view["statements"][1:]}, None
    spoilt = {**first["envelope"], "payload": view["statements"][-1]["envelope"]["payload"]}
    yield "words changed", {**view, "statements": [{**first, "envelope": spoilt}]}, None
    answer = view["statements"][-1]["answer"]
    yield "another's receipt", {**view, "statements": [{**first, "answer": answer}]}, "bad_signature"
    packet = view["packets"][0]
    yield "packet misnamed", {**view, "packets": [{**packet, "manifest": some_hash()}]}, "peer_misbehaved"
    yield "no form", {"id": view["id"]}, "malformed"


def test_no_hub_lies_about_a_handoff(two_hubs, node, abroad):
    handoff = referred(two_hubs)
    path = f"/api/v1/handoffs/{handoff}"
    view = served(two_hubs.members["hana"], path)
    for what, said, code in _lies(view):
        lie(node, path, said)
        found = abroad.ask("show", handoff=handoff)
        assert found.get("refused") is not None, what
        assert code in {None, found["refused"]}, (what, found)
    for body in ("<html>", ""):
        node.ask("faults", rows=[{"path": path, "body": body}])
        assert abroad.ask("show", handoff=handoff)["refused"] in {"peer_misbehaved", "malformed"}


def test_a_packet_that_was_changed_on_the_way_is_not_shown(two_hubs, node, abroad):
    handoff = referred(two_hubs)
    manifest = abroad.done("show", handoff=handoff)["packets"][0]
    for body, code in (("age-encryption.org/v1\n", "malformed"), ("x" * 400_000, "too_large")):
        node.ask("faults", rows=[{"path": f"/api/v1/packets/{manifest}", "body": body}])
        assert abroad.ask("open", handoff=handoff) == {"refused": code}


def test_a_hub_cannot_name_another_member_than_the_certificate_does(node, browser):
    me = served(browser.member, "/api/v1/me")
    lie(node, "/api/v1/me", {**me, "member": some_id("other")})
    assert browser.sign_in() == {"refused": "bad_signature"}


def test_an_agency_abroad_is_believed_by_what_was_signed(two_hubs, node, browser):
    hana = two_hubs.members["hana"]
    assert browser.done("agency", agency=hana.agency) in {"certified", "pinned"}
    path = f"/api/v1/agencies/{hana.agency}".replace(":", "%3A").replace("@", "%40")
    answer = served(two_hubs.members["amina"], f"/api/v1/agencies/{hana.agency}")
    short = {**answer, "entries": answer["entries"][1:]}
    older = {**answer, "checkpoint": answer["checkpoint"].replace("et.example", "dj.example")}
    for said in (short, older, {**answer, "entries": []}):
        lie(node, path, said)
        browser.ask("forget")
        assert browser.ask("agency", agency=hana.agency)["refused"] in {"bad_signature", "malformed"}
