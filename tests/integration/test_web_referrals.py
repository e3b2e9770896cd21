"""Referrals in the browser beside Python's client over two hubs: each reads what the other does; no hub lies."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.client import basis as bases
from hub.client import (
    inquiries,
    links,
    opening,
    outcomes,
    proxies,
    queues,
    reading,
    records,
    referrals,
    routing,
    services,
    tasks,
)
from hub.client.links import LinkKeys
from hub.client.referrals import Outgoing
from hub.clock import SetClock
from hub.directory.matching.asking import person_of
from hub.directory.matching.match import Question
from hub.directory.matching.places import Where
from hub.errors import InvalidRequest, NotFound
from hub.packets.encoding import from_b64u
from hub.queues.domain import Desk
from hub.referrals.domain import TRANSITIONS, Side
from hub.referrals.domain import State as ReferralState
from hub.statements.grammar import Grade
from tests.conftest import NOW
from tests.support import maps
from tests.support.clinics import clinics
from tests.support.web_modules import WebModules, text
from tests.support.world import PASSPHRASE, SECTIONS, consent, emergency, grant, populated, reception, world

HOME, AWAY = "dj.example", "et.example"
SCRIPT = Path(__file__).parents[1] / "support" / "web_referrals.mjs"
DAY = datetime.fromtimestamp(NOW, UTC).date().isoformat()
LATER = "2026-12-01"
GIRL = {
    "age": "14",
    "sex": "female",
    "situation": "unaccompanied",
    "languages": ["so"],
    "vulnerabilities": ["trafficked"],
}
CODES = (None, "text", "no_capacity", "nonsense", 7)


@pytest.fixture(scope="module")
def two_hubs(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, AWAY) as made:
        populated(made, HOME, AWAY)
        made.join(made.members["amina"], "omar", {"supervisor", "caseworker"})
        with made.hubs[HOME].hub.database.write() as connection:
            clinics(connection, made.members["hana"], DAY, NOW)
        yield made


@pytest.fixture(scope="module")
def node():
    with WebModules(SCRIPT) as running:
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

    def sign_in(self):
        account, device = self.member.account, text(self.member.profile.device.value)
        known = {"url": account.url, "login": account.login, "passphrase": PASSPHRASE, "now": NOW}
        self.done("sign_in", device=device, **known)
        return self


@pytest.fixture(scope="module")
def desks(two_hubs, node):
    return {login: Browser(node, two_hubs.members[login]).sign_in() for login in ("amina", "hana", "omar")}


@pytest.fixture
def amina(node, desks):
    node.ask("faults", rows=[])
    return desks["amina"]


@pytest.fixture
def hana(node, desks):
    node.ask("faults", rows=[])
    return desks["hana"]


@pytest.fixture(scope="module")
def held(two_hubs):
    """A consent for the clinic, as long as the module."""
    hana = two_hubs.members["hana"].agency
    scope = grant(two_hubs.clock, hana, categories={"minimal_contact", "health"}, purpose="medical_care")
    return bases.draft(two_hubs.members["amina"], consent(two_hubs.clock, scope), "clinic")


SAID = {"minimal_contact": {"v": 1, "name": "SYN Hagos"}}


def out(held, to, **more):
    named = {"basis": held.handoff, "purpose": "medical_care", "service": "clinic", "urgency": "urgent"}
    return {"to": to.agency, "sections": SAID, **named, **more}


def sent(two_hubs, amina, held, **more):
    to = two_hubs.members["hana"]
    handoff = amina.done("send", out=out(held, to, **more))["handoff"]
    two_hubs.run()
    return handoff


def reply_of(member, handoff):
    found = [item.sections.get("reply") for item in opening.open_handoff(member, handoff)]
    return next(row for row in reversed(found) if row)


def test_what_a_browser_sends_is_what_python_would_have_sent(two_hubs, amina, held):
    to, person, here = two_hubs.members["hana"], person_of(GIRL, DAY), Where(area="XA11")
    service = maps.some_id("service Clinic")
    chosen = services.choose(amina.member, service, person, need="health", where=here)
    facts = amina.done("facts", said=GIRL, today=DAY)
    assert facts == json.loads(json.dumps(person.facts()))
    asked = {"service_id": service, "person": facts, "area": "XA11", "need": "health", "needs": ["health"]}
    said = amina.done("send", out=out(held, to, **asked, attachments={"scan.bin": text(bytes(2_000_000))}))
    two_hubs.run()
    assert said["state"] == "submitted"
    assert said["stages"] == ["judging", "sealing", "keeping", "sending"]
    (found,) = opening.open_handoff(to, said["handoff"])
    assert (dict(found.sections)["minimal_contact"], found.quarantined) == (SAID["minimal_contact"], {})
    assert found.attachments == {"scan.bin": 2_000_000}
    would = Outgoing(
        to.agency,
        SAID,
        held,
        "medical_care",
        needs=("health",),
        **{name: value for name, value in chosen.outgoing().items() if name != "to"},
    )
    assert found.sections["request"] == routing.request(would)
    assert amina.done("request", value=found.sections["request"])["why"]["near_misses"] == 1
    copy = records.sent_copy(amina.member, said["handoff"])
    assert (copy["needs"], copy["area"], copy["sections"], copy["basis"]) == (["health"], "XA11", SAID, held.handoff)
    assert amina.done("copy", handoff=said["handoff"]) == copy
    rows = {row.value["handoff"]: row.value for row in records.listing(amina.member, "fanout")}
    assert {row["handoff"]: row for row in amina.done("fanned")} == rows


def test_nothing_goes_that_the_basis_does_not_cover(two_hubs, amina, held):
    to = two_hubs.members["hana"]
    more = {"sections": {**SAID, "legal": {"v": 1}}}
    assert amina.ask("send", out=out(held, to, **more)) == {"refused": "consent_missing"}
    assert amina.ask("send", out=out(held, to, purpose="education")) == {"refused": "consent_missing"}
    assert amina.ask("send", out=out(held, to, needs=["health", "health"])) == {"refused": "invalid_request"}
    assert amina.ask("send", out=out(held, to, needs=["nonsense"])) == {"refused": "invalid_request"}


def test_a_conversation_goes_through_both_clients(two_hubs, amina, hana, held):
    handoff = sent(two_hubs, amina, held, needs=["health", "food"])
    (opened,) = hana.done("open_all", handoff=handoff)
    assert opened["sections"]["minimal_contact"] == SAID["minimal_contact"]
    assert opened["sections"]["request"]["needs"] == ["health", "food"]
    assert hana.ask("take", handoff=handoff, step="ask", said={}) == {"refused": "invalid_request"}
    hana.done("take", handoff=handoff, step="acknowledge", said={})
    hana.done("take", handoff=handoff, step="ask", said={"text": "Does she speak Afar?"})
    two_hubs.run()
    assert reply_of(amina.member, handoff)["text"] == "Does she speak Afar?"
    answer = {"minimal_contact": {"v": 1, "note": "Yes."}}
    assert amina.done("answer", handoff=handoff, sections=answer) == "acknowledged"
    assert amina.ask("answer", handoff=handoff, sections={"legal": {"v": 1}}) == {"refused": "consent_missing"}
    two_hubs.run()
    assert opening.open_handoff(hana.member, handoff)[-1].sections["minimal_contact"]["note"] == "Yes."
    hana.done("take", handoff=handoff, step="accept", said={"first_contact": LATER, "needs": ["health"]})
    two_hubs.run()
    task = amina.done("note_rest", handoff=handoff)
    assert (task["what"], task["needs"]) == ("rest", ["food"])
    (mine,) = [row for row in tasks.listing(amina.member) if row.about == handoff]
    assert (mine.record, mine.due, list(mine.needs)) == (task["record"], task["due"], task["needs"])
    amina.done("finish", about=handoff, found="unmet")
    assert handoff not in {row.about for row in tasks.listing(amina.member)}


def test_a_step_in_words_of_no_list_is_refused(two_hubs, amina, hana, held):
    handoff = sent(two_hubs, amina, held)
    for said in ({"code": "nonsense"}, {"code": "no_capacity", "got_help": "yes"}, {}):
        assert hana.ask("take", handoff=handoff, step="decline", said=said) == {"refused": "invalid_request"}
    assert amina.ask("take", handoff=handoff, step="accept", said={"first_contact": LATER}) == {"refused": "forbidden"}
    hana.done("take", handoff=handoff, step="decline", said={"code": "no_capacity", "text": "Full."})
    two_hubs.run()
    assert reply_of(amina.member, handoff)["code"] == "no_capacity"
    assert amina.done("end", handoff=handoff, how="unmet", given={"need": "health"}) == "closed_declined"
    (row,) = [row.value for row in records.listing(amina.member, "unmet") if row.value["handoff"] == handoff]
    assert (row["need"], row["reason"], row["age_band"]) == ("health", "no_capacity", held.basis["subject"]["age_band"])
    (fact,) = [fact for fact in outcomes.facts(amina.member) if fact.handoff == handoff]
    assert (fact.outcome, fact.reason) == ("declined", "no_capacity")


def test_a_yes_with_a_waiting_list_is_one_answer(two_hubs, amina, hana, held):
    handoff = sent(two_hubs, amina, held)
    hana.done("take", handoff=handoff, step="accept", said={"first_contact": LATER})
    hana.done("take", handoff=handoff, step="waitlist", said={"review": LATER, "text": "Two before her."})
    two_hubs.run()
    assert reading.show(amina.member, handoff).state == "waitlisted"


def _outcome(two_hubs, amina, hana, held, **said):
    handoff = sent(two_hubs, amina, held)
    hana.done("take", handoff=handoff, step="accept", said={"first_contact": LATER})
    hana.done("take", handoff=handoff, step="start", said={"contact": DAY})
    hana.done("take", handoff=handoff, step="report_outcome", said={"got_help": "yes", **said})
    two_hubs.run()
    return handoff


def test_a_loop_is_closed_by_whoever_asked_the_child(two_hubs, amina, hana, held):
    handoff = _outcome(two_hubs, amina, hana, held, barriers=["distance"])
    asked = {"who": "child", "how": "in_person", "on": DAY, "answer": "partial", "words": "She went twice."}
    for wrong in ([{**asked, "answer": "no"}], [{**asked, "answer": None}], [{**asked, "who": "nobody"}]):
        assert amina.ask("end", handoff=handoff, how="close", given=wrong) == {"refused": "invalid_request"}
    assert amina.done("end", handoff=handoff, how="close", given=[asked]) == "loop_closed"
    assert amina.done("end", handoff=handoff, how="close", given=[asked]) == "loop_closed"
    (fact,) = [fact for fact in outcomes.facts(amina.member) if fact.handoff == handoff]
    assert (fact.outcome, fact.barriers, fact.grade, fact.disputed) == ("partial", ("distance",), "signed", False)


def test_a_disputed_loop_is_a_task_until_it_goes_out_again(two_hubs, amina, hana, held):
    handoff = _outcome(two_hubs, amina, hana, held)
    asked = {"who": "caregiver", "how": "phone", "on": DAY, "answer": "no", "words": ""}
    assert amina.done("end", handoff=handoff, how="dispute", given=[asked]) == "closed_disputed"
    theirs = {(t.what.value, t.about): t.due for t in tasks.listing(amina.member)}
    ours = {(t["what"], t["about"]): t["due"] for t in amina.done("tasks")}
    assert ("again", handoff) in ours
    assert ours == theirs


def test_an_emergency_is_reviewed_in_either_client(two_hubs, amina):
    to, omar = two_hubs.members["hana"], two_hubs.members["omar"]
    note = emergency(amina.member, two_hubs.clock, to.agency, omar.id)
    said = {
        "to": to.agency,
        "sections": {"health": {"symptom": "fever"}},
        "basis": note.handoff,
        "purpose": "emergency",
    }
    found = amina.done("send", out={**said, "urgency": "emergency", "unnamed": True})
    assert found["cosign"] is not None
    assert amina.ask("send", out={**said, "sections": SAID, "unnamed": True}) == {"refused": "invalid_request"}


def test_an_answer_by_phone_has_its_evidence(two_hubs, amina, held):
    handoff = sent(two_hubs, amina, held)
    said = {
        "step": "accept",
        "via": "phone",
        "words": "Nurse Sara: tomorrow at nine.",
        "body": {"first_contact": LATER},
    }
    said |= {"on": DAY, "code": None, "ask": False}
    assert amina.ask("report", handoff=handoff, said={**said, "on": "2999-01-01"}) == {"refused": "invalid_request"}
    assert amina.done("report", handoff=handoff, said=said) == "reported"
    line = reading.show(amina.member, handoff).lines[-1]
    kept = proxies.evidence_of(amina.member, line.hash, handoff)
    assert (kept["words"], kept["via"], kept["type"]) == (said["words"], "phone", "referral.accept")
    assert amina.done("pause_clock", handoff=handoff, due=NOW + 86_400 * 9, reason="They asked.") == NOW + 86_400 * 9
    assert amina.done("urgency", handoff=handoff, urgency="high") == "high"


def test_a_link_made_in_a_browser_has_the_keys_that_python_knows(two_hubs, amina, held):
    handoff, to = sent(two_hubs, amina, held), two_hubs.members["hana"]
    assert amina.done("standing", handoff=handoff) is None
    origin = "https://elsewhere.example"
    made = amina.done("link", handoff=handoff, to=to.agency, origin=origin)
    assert made["url"].startswith(f"https://{AWAY}/l/")  # though its hub says that the other one is on this machine
    two_hubs.run()
    shown = reading.show(amina.member, handoff)
    assert links.standing(shown, NOW) is links.Standing.OPEN
    assert amina.done("standing", handoff=handoff) == "open"
    keys = LinkKeys.of(from_b64u(made["url"].partition("#")[2], 32))
    newest = shown.chain.newest
    assert (newest.sign, newest.recipient) == (keys.signer.public_key, str(keys.identity.recipient))
    assert newest.proves(from_b64u(made["proof"]))
    assert len(made["code"]) == 6
    assert amina.done("link", to=to.agency, origin=origin, spoken=False)["link"]["code"] is None
    far = amina.ask("link", to=to.agency, origin=origin, until=NOW + 61 * 86_400)
    assert far == {"refused": "invalid_request"}
    amina.done("unlink", handoff=handoff)
    assert amina.done("standing", handoff=handoff) == "revoked"
    assert amina.ask("answer", handoff=handoff, sections=SAID) == {"refused": "invalid_request"}


def test_a_place_is_asked_for_and_an_exception_counts(two_hubs, amina, hana, held):
    service = maps.some_id("service Small")
    question = {"need": "health", "service": service, "age_band": "12-14", "from": LATER, "how_many": 1}
    to = two_hubs.members["hana"]
    wrong = amina.ask("ask", to=to.agency, about={**question, "name": "SYN"}, urgency="routine")
    assert wrong == {"refused": "invalid_request"}
    inquiry = amina.done("ask", to=to.agency, about=question, urgency="routine")
    two_hubs.run()
    assert hana.done("inquiry", handoff=inquiry)["question"] == dict(inquiries.read(to, inquiry).question)
    made = {"criteria": ["age"], "until": "2026-12-20", "reason": "A nurse for older children is here this month."}
    assert hana.ask("answer_inquiry", handoff=inquiry, given={"capacity": "perhaps"}) == {"refused": "invalid_request"}
    hana.done("answer_inquiry", handoff=inquiry, given={"capacity": "capacity", "places": 2, "exception": made})
    two_hubs.run()
    assert amina.done("inquiry", handoff=inquiry)["answer"] == dict(inquiries.read(amina.member, inquiry).answer)
    assert hana.ask("answer_inquiry", handoff=inquiry, given={"capacity": "capacity"}) == {"refused": "conflict"}
    facts = amina.done("facts", said={"age": "14"}, today=DAY)
    asked = out(held, to, service_id=service, person=facts, need="health", needs=["health"])
    assert amina.ask("send", out=asked) == {"refused": "consent_missing"}
    said = amina.done("send", out={**asked, "exception": inquiry})
    two_hubs.run()
    (found,) = opening.open_handoff(to, said["handoff"])
    assert found.sections["request"]["why"]["exception"] == {"on": DAY, "inquiry": inquiry}


def test_services_rank_alike_and_the_hub_learns_of_nobody(amina, node):
    person = person_of(GIRL, DAY)
    facts = amina.done("facts", said=GIRL, today=DAY)
    expect = services.find(amina.member, Question("health", person, Where(area="XA1")))
    node.ask("faults", rows=[])
    found = amina.done("find", need="health", where={"area": "XA1"}, person=facts, when=None)
    assert found["fitting"] == [[row.listing["id"], list(row.rank)] for row in expect.fitting]
    assert found["near"] == [[row.listing["id"], list(row.rank)] for row in expect.near_misses]
    mine = [(row["id"], row["said"], row["code"]) for row in found["why"][0]]
    assert mine == [(row.id, row.said, row.code) for row in expect.fitting[0].criteria]
    assert amina.ask("find", need="health", where={}, person=facts, when=None) == {"refused": "invalid_request"}
    assert amina.ask("find", need="health", where={"area": "QQ9"}, person=facts, when=None)["refused"] in {
        "not_found",
        "peer_misbehaved",
    }
    chosen = amina.done("choose", service=maps.some_id("service Clinic"), person=facts, where={"area": "XA1"})
    would = services.choose(amina.member, maps.some_id("service Clinic"), person, where=Where(area="XA1"))
    for name in ("to", "inbox", "service", "person", "listing", "routing", "warnings"):
        assert chosen[name] == json.loads(json.dumps(getattr(would, name))), name


def test_no_hub_lies_about_services(amina, node):
    facts = amina.done("facts", said={}, today=DAY)
    query = {"need": "health", "area": "XA11", "date": DAY, "stale": False}
    path, asked = "/api/v1/directory/slice", {"where": {"area": "XA11"}, "person": facts, "when": None}
    true = amina.member.hub.post(path, query)
    other = amina.member.hub.post(path, {**query, "area": "XA12"})
    signed = true["slice"]
    spoilt = {**signed, "payload": other["slice"]["payload"]}
    for value in (other, {"slice": spoilt}, {"slice": {}}, {}, {"slice": {**signed, "signatures": []}}):
        node.ask("faults", rows=[{"path": path, "body": json.dumps(value)}])
        assert "refused" in amina.ask("find", need="health", **asked), value
    node.ask("faults", rows=[{"path": path, "body": json.dumps(true)}])
    assert amina.done("find", need="health", **asked)["fitting"]
    assert amina.ask("find", need="education", **asked) == {"refused": "peer_misbehaved"}


def test_queues_and_balls_are_pythons(two_hubs, amina, held):
    for _ in range(3):
        sent(two_hubs, amina, held)
    ours = amina.done("rows", desk="owner", queue="open")
    theirs = queues.rows(amina.member, Desk.OWNER)
    assert [row["id"] for row in ours["rows"]] == [row["id"] for row in theirs.rows]
    assert amina.done("counts", desk="owner") == queues.counts(amina.member, Desk.OWNER)
    two = amina.done("rows", desk="owner", queue="open", choice={"most": 2})
    assert (len(two["rows"]), two["more"]) == (2, True)
    row = {
        "ball": "recipient",
        "custody": None,
        "from_agency": "a",
        "to_agency": "b",
        "due": 5,
        "being_confirmed": True,
    }
    assert amina.done("ball", row=row, agency="b") == ["hub", 5]
    assert amina.done("ball", row={**row, "being_confirmed": False}, agency="b") == ["us", 5]
    assert amina.done("ball", row={**row, "ball": "sender", "custody": {"due": 3}}, agency="a") == ["them", 3]
    assert amina.done("ball", row={**row, "ball": None}, agency="a") == ["nobody", 5]


def test_a_step_is_taken_in_a_role_of_the_table(node):
    sides = {Side.SENDER: ("a", "b"), Side.RECIPIENT: ("b", "a")}
    rows = [t for t in TRANSITIONS if t.side in sides and t.type.startswith("referral.") and t.type != "referral.bind"]
    for step in rows:
        if step.source is ReferralState.DRAFT:
            continue
        alike = [
            t
            for t in rows
            if (t.type, t.source, t.side, t.reported) == (step.type, step.source, step.side, step.reported)
        ]
        roles = set().union(*(t.roles for t in alike))
        source, other = sides[step.side]
        me = "a"
        given = {
            "me": me,
            "from": "a" if step.side is Side.SENDER else "b",
            "to": "b" if step.side is Side.SENDER else "a",
        }
        assert source != other
        found = node.ask(
            "roles_for", **given, state=step.source, step=step.type.partition(".")[2], reported=step.reported
        )
        assert set(found["ok"]) == roles, step
    wrong = node.ask("roles_for", me="a", **{"from": "a", "to": "b"}, state="delivered", step="accept", reported=False)
    assert wrong == {"ok": None}


def test_coded_words_read_alike(node):
    from hub.referrals import reasons

    for said in (
        *CODES,
        ["distance", "nonsense"],
        {"agency": None, "service": None},
        {"agency": "urn:rcp:agency:x@y.z", "service": None},
    ):
        redirect = reasons.redirect(said)
        expect = [reasons.reason(said), list(reasons.barriers(said)), redirect and dict(redirect)]
        assert node.ask("coded", said=said) == {"ok": expect}
    assert node.ask("words", words={"text": "anything", "needs": ["health"]}) == {"ok": True}
    assert node.ask("words", words={"redirect": {"agency": None, "service": None}}) == {"refused": "invalid_request"}


def test_a_section_request_that_says_more_is_none(node):
    good = {"v": 1, "purpose": "medical_care", "service": "clinic", "needs": ["health"], "why": None}
    for value in (good, {**good, "note": "SYN"}, {**good, "needs": ["SYN"]}, {**good, "why": {}}, None, "SYN"):
        assert (node.ask("request", value=value)["ok"] is None) is (routing.read(value) is None), value


def test_a_device_opens_each_record_once_and_keeps_no_case(two_hubs, desks, node):
    omar = desks["omar"]
    records.put(omar.member, "note", {"text": "SYN once"})
    records.put(omar.member, "case", {"v": 1, "text": "SYN of a case"})
    omar.done("shelve")
    before = set(omar.done("list", kinds=[], since=0))
    assert before == {row.handoff for row in records.listing(omar.member)}
    omar.sign_in()
    omar.done("shelve")
    node.ask("faults", rows=[])
    assert set(omar.done("list", kinds=["note"], since=0)) <= before
    asked = node.ask("requests")["ok"]
    assert not [path for _, path in asked if path.startswith("/api/v1/packets")]
    kept = json.dumps(omar.done("shelved"))
    assert "SYN once" in kept
    assert "SYN of a case" not in kept
    assert Grade.SIGNED == "signed"


def test_a_protected_place_does_not_leave(two_hubs, amina):
    hana = two_hubs.members["hana"]
    safe = {"safety": {"location_protected": True}}
    held = reception(amina.member, two_hubs.clock, hana.agency, **safe)
    said = {**SECTIONS, "minimal_contact": {"v": 1, "name": "SYN Hagos", "meeting_place": "9 Hidden Lane"}}
    asked = {"to": hana.agency, "sections": said, "basis": held.handoff, "purpose": "reception"}
    found = amina.done("send", out=asked)
    two_hubs.run()
    (opened,) = opening.open_handoff(hana, found["handoff"])
    assert "meeting_place" not in opened.sections["minimal_contact"]
    assert found["removed"][0]["path"] == "/meeting_place"
    twice = referrals.send(amina.member, Outgoing(hana.agency, said, held, "reception"))
    assert [row.path for row in twice.removed] == ["/meeting_place"]


def test_the_own_hub_relays_what_a_peers_log_tells_anybody(two_hubs):
    session = two_hubs.members["amina"].hub
    head = session.get(f"/federation/v1/peers/{AWAY}/consistency", old=1, new=2)
    assert (head["old"], head["new"]) == (1, 2)
    assert all(len(from_b64u(node)) == 32 for node in head["proof"])
    with pytest.raises(NotFound):
        session.get("/federation/v1/peers/nobody.example/consistency", old=1, new=2)
    with pytest.raises(InvalidRequest):
        session.get(f"/federation/v1/peers/{AWAY}/consistency", old=-1, new=2)
