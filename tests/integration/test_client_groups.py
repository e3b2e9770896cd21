"""Referrals that belong together: a household, several asked and one chosen, again, instead. Only the sender knows."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import pytest

from hub.client import arrivals, cosigning, groups, opening, outcomes, reading, records, referrals, tasks, unmet
from hub.client import basis as bases
from hub.client.groups import Again, How
from hub.client.outcomes import Asked
from hub.client.referrals import Outgoing
from hub.clock import SetClock
from hub.errors import Conflict, ConsentMissing, IllegalTransition, InvalidRequest, NotFound
from tests.conftest import NOW
from tests.support.web_modules import WebModules, text
from tests.support.world import PASSPHRASE, SECTIONS, consent, emergency, grant, populated, today, world

HOST = "hub.example"
SAID_YES = Asked("child", "in_person", "2026-11-26", "yes")


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def one_hub(request, tmp_path_factory):
    with ExitStack() as stack:
        url = ""
        if request.param == "postgres":
            url = stack.enter_context(request.getfixturevalue("postgres_server").database())
        made = stack.enter_context(world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOST, database=url))
        populated(made, HOST, HOST)
        made.found(HOST, "haven", "shelter", "ET", "selam")
        made.found(HOST, "refuge", "shelter", "ET", "biruk")
        yield made


@pytest.fixture
def amina(one_hub):
    return one_hub.members["amina"]


@pytest.fixture
def hana(one_hub):
    return one_hub.members["hana"]


@pytest.fixture
def selam(one_hub):
    return one_hub.members["selam"]


@pytest.fixture
def biruk(one_hub):
    return one_hub.members["biruk"]


def agreed(amina, clock, *to, person="SYN-1", **changes):
    """A consent that names these agencies."""
    grants = [grant(clock, one.agency, categories=set(SECTIONS), purpose="reception") for one in to]
    subject = {"pseudonym": person, "situation": "unaccompanied", "age_band": "15-17", "languages": ["ti"], "law": "DJ"}
    return bases.draft(amina, consent(clock, *grants, subject=subject, **changes), person)


def grown_up(amina, clock, to, person="SYN-MOTHER"):
    """An adult's own consent."""
    subject = {"pseudonym": person, "situation": "adult", "age_band": "18+", "languages": ["ti"], "law": "DJ"}
    giver = {"capacity": "self", "years": 27, "order": None}
    scope = grant(clock, to.agency, categories=set(SECTIONS), purpose="reception")
    return bases.draft(amina, consent(clock, scope, subject=subject, giver=giver), person)


def out(to, held, sections=SECTIONS, **more):
    return Outgoing(to.agency, sections, held, "reception", **more)


def named(name, **more):
    return {"minimal_contact": {"name": name, **more}, "needs_risk": {"risk": "high"}}


def plaintext(member, handoff):
    return json.dumps([dict(item.sections) for item in opening.open_handoff(member, handoff)])


# A household


def test_each_of_a_household_has_a_packet_on_their_own_consent_and_none_tells_of_another(one_hub, amina, hana):
    clock = one_hub.clock
    people = {
        "SYN Awa Kone": agreed(amina, clock, hana, person="SYN-AWA"),
        "SYN Yao Kone": agreed(amina, clock, hana, person="SYN-YAO"),
        "SYN Mariam Kone": grown_up(amina, clock, hana),
    }
    sent = groups.send_household(amina, [out(hana, held, named(name)) for name, held in people.items()])
    assert len({row.handoff for row in sent}) == len(people)
    for name, row in zip(people, sent, strict=True):
        told = plaintext(hana, row.handoff)
        assert name in told
        assert not any(other.split()[1] in told for other in people if other != name)
        assert not any(other.handoff in told for other in sent)
    (group,) = groups.of(amina, sent[0].handoff)
    assert (group.how, group.handoffs) == (How.HOUSEHOLD, tuple(row.handoff for row in sent))
    assert groups.of(hana, sent[0].handoff) == []


def test_a_childs_packet_that_names_its_sister_is_not_sent(one_hub, amina, hana):
    awa, yao = (agreed(amina, one_hub.clock, hana, person=name) for name in ("SYN-A1", "SYN-Y1"))
    before = list(reading.pages(amina, "referral", "out"))
    for slip in ("plays with Awa", "AWA", "sister of SYN-A1"):
        with pytest.raises(InvalidRequest) as refusal:
            groups.send_household(
                amina, [out(hana, awa, named("SYN Awa Kone")), out(hana, yao, named("SYN Yao Kone", note=slip))]
            )
        assert refusal.value.facts["section"] == "minimal_contact"
        assert "Awa" not in str(refusal.value)
    assert list(reading.pages(amina, "referral", "out")) == before


def test_two_people_of_a_household_never_share_a_consent(one_hub, amina, hana):
    held = agreed(amina, one_hub.clock, hana)
    with pytest.raises(InvalidRequest):
        groups.send_household(amina, [out(hana, held), out(hana, held)])


def test_of_a_household_all_go_or_none(one_hub, amina, hana, selam):
    fits = agreed(amina, one_hub.clock, hana, person="SYN-A2")
    other = agreed(amina, one_hub.clock, selam, person="SYN-Y2")
    before = list(reading.pages(amina, "referral", "out"))
    with pytest.raises(ConsentMissing):
        groups.send_household(amina, [out(hana, fits, named("SYN Abeba")), out(hana, other, named("SYN Dawit"))])
    assert list(reading.pages(amina, "referral", "out")) == before


# Several asked, one chosen


def asked_of_three(one_hub, amina, *three):
    held = agreed(amina, one_hub.clock, *three)
    return [row.handoff for row in groups.send_to_several(amina, [out(one, held, needs=("housing",)) for one in three])]


def test_of_several_that_were_asked_one_is_chosen_and_the_others_need_not_answer(one_hub, amina, hana, selam, biruk):
    first, second, third = asked_of_three(one_hub, amina, hana, selam, biruk)
    with pytest.raises(Conflict):
        groups.choose(amina, first)
    referrals.take(hana, first, "accept", first_contact="2026-11-25")
    referrals.take(biruk, third, "decline", code="no_capacity")
    assert groups.choose(amina, first) == {second: "cancelled", third: "resolved"}
    assert reading.show(selam, second).state == "cancelled"
    assert reading.show(selam, second).ball is None
    assert reading.show(amina, third).state == "closed_declined"
    assert groups.choose(amina, first) == {second: "left as it is", third: "left as it is"}
    with pytest.raises(Conflict):
        groups.choose(amina, second)
    assert reading.show(amina, first).state == "accepted"


def test_where_one_of_several_is_refused_the_others_that_went_are_named(one_hub, amina, hana, selam, monkeypatch):
    held, went, send = agreed(amina, one_hub.clock, hana, selam), [], referrals.send

    def refusing(*given):
        if went:
            raise Conflict("SYN")
        went.append(send(*given))
        return went[0]

    monkeypatch.setattr(referrals, "send", refusing)
    with pytest.raises(Conflict) as refused:
        groups.send_to_several(amina, [out(hana, held), out(selam, held)])
    assert refused.value.facts["sent"] == [went[0].handoff]


def test_one_who_has_begun_is_asked_to_stop_when_another_is_chosen(one_hub, amina, hana, selam):
    first, second = asked_of_three(one_hub, amina, hana, selam)
    referrals.take(hana, first, "accept", first_contact="2026-11-25")
    referrals.take(selam, second, "accept", first_contact="2026-11-25")
    referrals.take(selam, second, "start", contact="2026-11-25")
    assert groups.choose(amina, first) == {second: "asked to stop"}
    assert reading.show(selam, second).state == "cancel_requested"


def test_nobody_is_asked_if_the_consent_leaves_one_out(one_hub, amina, hana, selam):
    held = agreed(amina, one_hub.clock, hana)
    before = list(reading.pages(amina, "referral", "out"))
    with pytest.raises(ConsentMissing):
        groups.send_to_several(amina, [out(hana, held), out(selam, held)])
    assert list(reading.pages(amina, "referral", "out")) == before
    with pytest.raises(InvalidRequest):
        groups.send_to_several(amina, [out(hana, held), out(hana, held)])
    with pytest.raises(NotFound):
        groups.choose(amina, referrals.send(amina, out(hana, held)).handoff)


# Again, instead


def declined(one_hub, amina, hana, **said):
    held = agreed(amina, one_hub.clock, hana)
    handoff = referrals.send(amina, out(hana, held, needs=("housing",), urgency="high", area="ET01")).handoff
    referrals.take(hana, handoff, "decline", code="no_capacity", **said)
    return handoff


def test_what_was_declined_goes_to_whom_the_recipient_proposes_once_the_consent_names_them(one_hub, amina, hana, selam):
    handoff = declined(one_hub, amina, hana, redirect={"agency": selam.agency, "service": None}, text="SYN Ask them.")
    said = opening.open_handoff(amina, handoff)[0].sections["reply"]
    assert said["redirect"] == {"agency": selam.agency, "service": None}
    with pytest.raises(ConsentMissing):
        groups.reroute(amina, handoff, Again(selam.agency, agreed(amina, one_hub.clock, hana)))
    assert reading.show(amina, handoff).state == "declined"
    fresh = agreed(amina, one_hub.clock, selam)
    sent = groups.reroute(amina, handoff, Again(selam.agency, fresh))
    assert opening.open_handoff(selam, sent.handoff)[0].sections["minimal_contact"] == SECTIONS["minimal_contact"]
    assert reading.show(selam, sent.handoff).urgency == "high"
    assert reading.show(hana, handoff).state == "closed_declined"
    assert sent.handoff not in json.dumps([line.statement.body for line in reading.show(hana, handoff).lines])
    assert groups.reroute(amina, handoff, Again(selam.agency, fresh)).handoff == sent.handoff, "sent once"
    fact = next(row for row in outcomes.facts(amina) if row.handoff == handoff)
    assert (fact.outcome, fact.reason, fact.grade, fact.needs) == ("declined", "no_capacity", "signed", ("housing",))
    copy = records.sent_copy(amina, sent.handoff)
    assert (copy["again_for"], copy["area"]) == (handoff, "ET01")


def test_who_stays_silent_is_cancelled_and_its_late_answer_changes_nothing(one_hub, amina, hana, selam):
    handoff = referrals.send(amina, out(hana, agreed(amina, one_hub.clock, hana))).handoff
    sent = groups.reroute(amina, handoff, Again(selam.agency, agreed(amina, one_hub.clock, selam)))
    assert reading.show(hana, handoff).state == "cancelled"
    referrals.take(hana, handoff, "late_answer", text="SYN We would have had a place.")
    assert reading.show(amina, handoff).state == "cancelled"
    assert reading.show(amina, sent.handoff).state == "delivered"


def test_what_is_under_way_is_not_taken_elsewhere(one_hub, amina, hana, selam):
    handoff = referrals.send(amina, out(hana, agreed(amina, one_hub.clock, hana))).handoff
    referrals.take(hana, handoff, "accept", first_contact="2026-11-25")
    referrals.take(hana, handoff, "start", contact="2026-11-25")
    with pytest.raises(IllegalTransition):
        groups.reroute(amina, handoff, Again(selam.agency, agreed(amina, one_hub.clock, selam)))
    with pytest.raises(InvalidRequest):
        groups.reroute(amina, declined(one_hub, amina, hana), Again(hana.agency, agreed(amina, one_hub.clock, hana)))


def test_a_rerouting_that_waits_for_its_second_signature_is_not_prepared_twice(one_hub, amina, hana, selam):
    handoff = declined(one_hub, amina, hana)
    supervisor = one_hub.members.get("sadia") or one_hub.join(amina, "sadia", {"supervisor", "caseworker"})
    held = emergency(amina, one_hub.clock, selam.agency, supervisor.id)
    again = Again(selam.agency, held, more={"purpose": "protection"})
    first = groups.reroute(amina, handoff, again)
    assert groups.reroute(amina, handoff, again).cosign == first.cosign
    assert reading.show(amina, handoff).state == "declined", "nothing has gone out yet"
    cosigning.cosign(supervisor, first.cosign)
    assert groups.reroute(amina, handoff, again).handoff == first.handoff
    assert reading.show(amina, handoff).state == "closed_declined"


def test_only_the_sender_says_what_follows_a_referral(one_hub, amina, hana, selam):
    handoff = referrals.send(amina, out(hana, agreed(amina, one_hub.clock, hana))).handoff
    with pytest.raises(NotFound):
        groups.follow(hana, handoff, out(selam, agreed(amina, one_hub.clock, selam)), How.LINKED)
    linked = groups.follow(amina, handoff, out(selam, agreed(amina, one_hub.clock, selam)), How.LINKED)
    assert records.sent_copy(amina, linked.handoff)["again_for"] is None


# How a loop ends


def reported(one_hub, amina, hana, **said):
    handoff = referrals.send(amina, out(hana, agreed(amina, one_hub.clock, hana), sex="male", area="ET01")).handoff
    referrals.take(hana, handoff, "accept", first_contact="2026-11-25")
    referrals.take(hana, handoff, "report_outcome", **{"got_help": "yes", **said})
    return handoff


def test_a_loop_is_closed_when_the_child_was_asked(one_hub, amina, hana):
    handoff = reported(one_hub, amina, hana, barriers=["distance"])
    with pytest.raises(InvalidRequest):
        outcomes.close(amina, handoff, [Asked("his uncle", "phone", "2026-11-26", "yes")])
    with pytest.raises(IllegalTransition):
        unmet.resolve(amina, handoff, {"need": "housing"})
    for asked in ([], [Asked("child", "phone", "2026-11-26")], [Asked("child", "phone", "2026-11-26", "no")]):
        with pytest.raises(InvalidRequest):
            outcomes.close(amina, handoff, asked)
    assert reading.show(amina, handoff).state == "outcome_reported"
    assert outcomes.close(amina, handoff, [SAID_YES])["state"] == "loop_closed"
    assert outcomes.close(amina, handoff, [SAID_YES])["state"] == "loop_closed"
    (fact,) = [row for row in outcomes.facts(amina) if row.handoff == handoff]
    assert (fact.outcome, fact.barriers, fact.disputed, fact.month) == ("yes", ("distance",), False, "2026-11")
    assert (fact.age_band, fact.sex, fact.area, fact.again_for) == ("15-17", "male", "ET01", None)


def test_a_loop_is_closed_when_nobody_could_be_reached_on_two_days(one_hub, amina, hana):
    handoff = reported(one_hub, amina, hana, got_help="partial")
    tried = [Asked("caregiver", "phone", day) for day in ("2026-11-26", "2026-11-28")]
    assert outcomes.close(amina, handoff, tried)["state"] == "loop_closed"
    assert next(row.outcome for row in outcomes.facts(amina) if row.handoff == handoff) == "partial"


def test_a_disputed_outcome_is_followed_by_a_referral_that_supersedes_it(one_hub, amina, hana, selam):
    handoff = reported(one_hub, amina, hana)
    with pytest.raises(InvalidRequest):
        outcomes.dispute(amina, handoff, [SAID_YES])
    no = Asked("child", "through_interpreter", "2026-11-26", "no", "SYN Nobody came.")
    assert outcomes.dispute(amina, handoff, [no])["state"] == "closed_disputed"
    after = groups.follow(amina, handoff, out(selam, agreed(amina, one_hub.clock, selam)), How.SUPERSEDES)
    assert [group.how for group in groups.of(amina, handoff)] == [How.SUPERSEDES]
    outcome = next(row for row in outcomes.facts(amina) if row.handoff == handoff)
    assert (outcome.outcome, outcome.disputed) == ("no", True)
    assert records.sent_copy(amina, after.handoff)["again_for"] == handoff
    assert "Nobody came" not in plaintext(selam, after.handoff)


def test_a_need_that_nobody_meets_is_written_down_and_the_referral_resolved(one_hub, amina, hana):
    handoff = declined(one_hub, amina, hana)
    with pytest.raises(InvalidRequest):
        unmet.resolve(amina, handoff, {"need": "a bed"})
    assert unmet.resolve(amina, handoff, {"barriers": ["cost"]})["state"] == "closed_declined"
    (row,) = [row for row in unmet.records(amina) if row.handoff == handoff]
    assert (row.need, row.service, row.reason, row.barriers) == ("housing", "housing", "no_capacity", ("cost",))
    assert (row.area, row.age_band) == ("ET01", "15-17")
    alone = unmet.note(amina, {"need": "health", "age_band": "0-5", "reason": "no_service"})
    assert alone in {row.record for row in unmet.records(amina)}


def test_a_referral_that_came_back_is_not_resolved_by_saying_so(one_hub, amina, hana):
    """Without a new referral or a recorded need there is no such step."""
    assert not {"resolve", "close", "dispute"} & referrals.STEPS.keys()


# What is left to do


def test_what_a_recipient_does_not_accept_becomes_a_task_of_the_sender(one_hub, amina, hana):
    held = agreed(amina, one_hub.clock, hana)
    handoff = referrals.send(amina, out(hana, held, needs=("housing", "health", "food"), urgency="high")).handoff
    asked = opening.open_handoff(hana, handoff)[0].sections["request"]["needs"]
    assert asked == ["housing", "health", "food"]
    referrals.take(hana, handoff, "accept", first_contact="2026-11-25", needs=["housing"])
    opened = opening.open_handoff(amina, handoff)
    task = tasks.note_rest(amina, handoff, opened)
    assert (task.what, task.needs, task.due) == ("rest", ("health", "food"), NOW + 72 * 3600)
    assert tasks.note_rest(amina, handoff, opened).record == task.record, "it is written down once"
    assert handoff in {row.about for row in tasks.listing(amina)}
    with pytest.raises(InvalidRequest):
        tasks.finish(amina, handoff, "consent")
    tasks.finish(amina, handoff, "referred")
    assert handoff not in {row.about for row in tasks.listing(amina)}
    with pytest.raises(NotFound):
        tasks.finish(amina, handoff, "referred")


def test_an_emergency_names_nobody_and_is_reviewed_within_72_hours(one_hub, amina, hana):
    supervisor = one_hub.members.get("sadia") or one_hub.join(amina, "sadia", {"supervisor", "caseworker"})
    held = emergency(amina, one_hub.clock, hana.agency, supervisor.id)
    stub = {"minimal_contact": {"age_band": "12-14", "language": "aa"}, "health": {"symptom": "fever"}}
    given = {"to": hana.agency, "basis": held, "purpose": "emergency", "urgency": "emergency", "unnamed": True}
    for slip in ({"name": "SYN Meron"}, {"language": "x" * 200}, {"language": {"name": "SYN Meron"}}):
        with pytest.raises(InvalidRequest) as refusal:
            referrals.send(amina, Outgoing(sections={**stub, "minimal_contact": slip}, **given))
        assert "Meron" not in str(refusal.value)
    usual = agreed(amina, one_hub.clock, hana)
    with pytest.raises(InvalidRequest):
        referrals.send(amina, Outgoing(sections=stub, **{**given, "basis": usual}))
    assert not [task for task in tasks.listing(amina) if task.about == held.handoff]
    sent = referrals.send(amina, Outgoing(sections=stub, **given))
    (task,) = [task for task in tasks.listing(amina) if task.about == held.handoff] or [None]
    assert task is None, "it was not sent yet"
    cosigning.cosign(supervisor, sent.cosign)
    (task,) = [task for task in tasks.listing(amina) if task.about == held.handoff]
    assert (task.what, task.due, task.handoffs) == ("review", NOW + 72 * 3600, (sent.handoff,))
    tasks.finish(amina, held.handoff, "consent")
    assert not [task for task in tasks.listing(amina) if task.about == held.handoff]


def test_what_is_needed_on_arrival_is_listed_until_somebody_says_yes(one_hub, amina, hana):
    held = agreed(amina, one_hub.clock, hana)
    soon, later = "2026-11-26", "2027-01-10"
    first = referrals.send(amina, out(hana, held, needed_from=soon)).handoff
    referrals.send(amina, out(hana, held, needed_from=later))
    found = arrivals.unconfirmed(amina, today(one_hub.clock))
    assert [(row.needed_from, row.handoff, row.state) for row in found] == [(soon, first, "delivered")]
    referrals.take(hana, first, "accept", first_contact=soon)
    assert arrivals.unconfirmed(amina, today(one_hub.clock)) == []


def test_words_that_are_on_no_list_are_not_said(one_hub, amina, hana):
    handoff = referrals.send(amina, out(hana, agreed(amina, one_hub.clock, hana))).handoff
    with pytest.raises(InvalidRequest):
        referrals.take(hana, handoff, "decline", code="no bed for this boy")
    with pytest.raises(InvalidRequest):
        referrals.take(hana, handoff, "decline", code="no_capacity", redirect={"agency": None, "service": None})
    with pytest.raises(InvalidRequest):
        referrals.take(hana, handoff, "accept", first_contact="2026-11-25", needs=["a bed"])
    with pytest.raises(InvalidRequest):
        referrals.send(amina, out(hana, agreed(amina, one_hub.clock, hana), needs=("a bed",)))


# The same in a browser


@pytest.fixture(scope="module")
def browser(one_hub):
    with WebModules(Path(__file__).parents[1] / "support" / "web_referrals.mjs") as node:
        account, device = one_hub.members["amina"].account, text(one_hub.members["amina"].profile.device.value)
        known = {"url": account.url, "login": account.login, "passphrase": PASSPHRASE, "now": NOW}
        node.ask("sign_in", name="amina", device=device, **known)
        yield lambda question, **given: node.ask(question, name="amina", **given)


def asked_in(to, held, sections=SECTIONS, **more):
    return {"to": to.agency, "sections": sections, "basis": held.handoff, "purpose": "reception", **more}


def test_a_browser_asks_several_and_keeps_one_as_python_does(one_hub, browser, amina, hana, selam, biruk):
    held = agreed(amina, one_hub.clock, hana, selam, biruk)
    before = list(reading.pages(amina, "referral", "out"))
    assert browser("several", outs=[asked_in(hana, held)] * 2) == {"refused": "invalid_request"}
    left_out = agreed(amina, one_hub.clock, hana)
    outs = [asked_in(one, left_out) for one in (hana, selam)]
    assert browser("several", outs=outs) == {"refused": "consent_missing"}
    assert list(reading.pages(amina, "referral", "out")) == before
    rows = browser("several", outs=[asked_in(one, held, needs=["housing"]) for one in (hana, selam, biruk)])["ok"]
    assert [refused for _, refused in rows] == [None] * 3
    first, second, third = (handoff for handoff, _ in rows)
    (group,) = groups.of(amina, second)
    assert (group.how, group.handoffs, group.chosen) == (How.CHOICE, (first, second, third), None)
    assert browser("choose_one", handoff=first) == {"refused": "conflict"}
    referrals.take(hana, first, "accept", first_contact="2026-11-25")
    referrals.take(biruk, third, "decline", code="no_capacity")
    assert browser("choose_one", handoff=first) == {"ok": {second: "cancelled", third: "resolved"}}
    assert (reading.show(selam, second).state, reading.show(amina, third).state) == ("cancelled", "closed_declined")
    assert groups.choose(amina, first) == {second: "left as it is", third: "left as it is"}
    assert browser("choose_one", handoff=second) == {"refused": "conflict"}
    assert browser("groups", handoff=third)["ok"][0]["chosen"] == first


def test_a_browser_keeps_a_household_apart(one_hub, browser, amina, hana):
    awa, yao = (agreed(amina, one_hub.clock, hana, person=name) for name in ("SYN-A5", "SYN-Y5"))
    rows = [asked_in(hana, awa, named("SYN Awa Kone")), asked_in(hana, yao, named("SYN Yao Kone", note="with Awa"))]
    assert browser("household", outs=rows) == {"refused": "invalid_request"}
    rows[1]["sections"] = named("SYN Yao Kone")
    assert browser("household", outs=[rows[0], {**rows[1], "basis": awa.handoff}]) == {"refused": "invalid_request"}
    sent = [handoff for handoff, _ in browser("household", outs=rows)["ok"]]
    assert [(group.how, list(group.handoffs)) for group in groups.of(amina, sent[1])] == [(How.HOUSEHOLD, sent)]
    assert "Yao" in plaintext(hana, sent[1])
    assert "Awa" not in plaintext(hana, sent[1])


def test_what_is_left_of_several_in_a_browser_is_tied_to_what_went(one_hub, browser, amina, hana, selam, biruk):
    held = agreed(amina, one_hub.clock, hana, selam, biruk)
    asked = {one: asked_in(one, held, needs=["housing"]) for one in (hana, selam, biruk)}
    first, second = (handoff for handoff, _ in browser("several", outs=[asked[hana], asked[selam]])["ok"])
    assert browser("rest", gone=second, outs=[asked[hana]]) == {"refused": "invalid_request"}
    ((third, _),) = browser("rest", gone=second, outs=[asked[biruk]])["ok"]
    (group,) = groups.of(amina, third)
    assert (group.how, group.handoffs) == (How.CHOICE, (first, second, third))
    awa, yao, tek = (agreed(amina, one_hub.clock, hana, person=name) for name in ("SYN-A6", "SYN-Y6", "SYN-T6"))
    rows = [asked_in(hana, basis, named(f"SYN {name} Kone")) for basis, name in ((awa, "Awa"), (yao, "Yao"))]
    sent = [handoff for handoff, _ in browser("household", outs=rows)["ok"]]
    told = asked_in(hana, tek, named("SYN Tek Kone", note="with Awa"))
    assert browser("rest", gone=sent[0], outs=[told]) == {"refused": "invalid_request"}
    ((last, _),) = browser("rest", gone=sent[0], outs=[{**told, "sections": named("SYN Tek Kone")}])["ok"]
    assert [group.handoffs for group in groups.of(amina, last)] == [(*sent, last)]
    assert browser("choose_one", handoff=first) == {"refused": "conflict"}
    referrals.take(hana, first, "accept", first_contact="2026-11-25")
    assert browser("choose_one", handoff=first)["ok"].keys() == {second, third}
    assert browser("rest", gone=first, outs=[asked[selam]]) == {"refused": "conflict"}


def test_a_draft_is_over_on_every_device_once_some_of_it_went_out(browser):
    def on(question, device, **given):
        return browser(question, device=device, **given).get("ok")

    also = [{"service": "", "to": f"urn:rcp:agency:{name}@hub.example", "kind": "", "person": ""} for name in "bc"]
    draft = on("draft", "phone", given={"to": "urn:rcp:agency:a@hub.example", "also": also, "name": "SYN Awa"})
    on("type_on", "desk", draft=draft)
    assert [on("over", device, draft=draft) for device in ("phone", "desk")] == [False, False]
    rest = on("rest_of", "phone", draft=draft, left=[1, 2], gone=[{"handoff": "A" * 22, "name": "a"}])
    assert (rest["to"], rest["also"], rest["gone"][0]["name"]) == (also[0]["to"], [also[1]], "a")
    on("end_draft", "phone", draft=draft, rest=rest, unwritten=True)  # the hub did not take the record
    assert (on("over", "phone", draft=rest), on("begun", "phone")) == (False, [rest, []])
    on("end_draft", "phone", draft=draft, rest=rest)
    on("type_on", "phone", draft=draft)  # another tab, where somebody types on
    assert [on("over", device, draft=one) for device in ("phone", "desk") for one in (draft, rest)] == [True, False] * 2
    assert on("begun", "phone") == [rest, [rest]]
    assert on("begun", "desk") == [None, [rest]]
    on("end_draft", "desk", draft=rest)
    on("late_key", "desk", draft=rest)
    assert [on("begun", device) for device in ("phone", "desk")] == [[None, []]] * 2


def test_what_follows_in_a_browser_follows_once(one_hub, browser, amina, hana, selam):
    fresh = agreed(amina, one_hub.clock, selam)
    back = declined(one_hub, amina, hana)
    after = browser("follow", handoff=back, out=asked_in(selam, fresh))["ok"]
    assert browser("follow", handoff=back, out=asked_in(selam, fresh))["ok"] != after, "it is over: another is linked"
    assert {group.how for group in groups.of(amina, back)} == {How.LINKED, How.REROUTED}
    assert reading.show(hana, back).state == "closed_declined"
    assert records.sent_copy(amina, after)["again_for"] == back
    disputed = reported(one_hub, amina, hana)
    outcomes.dispute(amina, disputed, [Asked("child", "phone", "2026-11-26", "no")])
    later = {browser("follow", handoff=disputed, out=asked_in(selam, fresh))["ok"] for _ in range(2)}
    assert [group.handoffs for group in groups.of(amina, disputed)] == [(disputed, *later)]
