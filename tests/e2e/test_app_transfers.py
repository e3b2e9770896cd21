"""A case handed over in browsers: offered, accepted by two, seen in person, verified, taken; and who is responsible."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from hub.client import (
    aftercare,
    cases,
    cosigning,
    findings,
    handover,
    meetings,
    opening,
    proof,
    reading,
    records,
    register,
    succession,
    telling,
    transfer_steps,
    transfers,
    visits,
)
from hub.client.transfer_steps import FOLLOWED
from hub.clock import SetClock
from hub.packets.encoding import canonical
from hub.referrals.jobs import confirm_time
from tests.conftest import NOW
from tests.support.browsing import NARROW, PHONE, blind, browser, signed_in
from tests.support.handovers import SAID
from tests.support.legs import DAY, People
from tests.support.world import grant, populated, today, world

HOME, AWAY = "dj.example", "et.example"
SLOW = 30_000
CHANGED_TWICE = """async (select, values) => {
  for (const value of values) {
    select.value = value;
    select.dispatchEvent(new Event("change", { bubbles: true }));
    await new Promise(requestAnimationFrame);
  }
}"""


@pytest.fixture(scope="module")
def chromium():
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, AWAY) as made:
        populated(made, HOME, AWAY)
        omar = made.join(made.members["amina"], "omar", {"supervisor"})
        bekele = made.join(made.members["hana"], "bekele", {"supervisor"})
        with blind(made, "Hagos Syn", "SYN the room", "SYN Other", "SYN she goes"):
            yield People(made, made.members["amina"], omar, made.members["hana"], bekele)


def said(desk, words):
    desk.page.get_by_text(words).first.wait_for(timeout=SLOW)


def sign(desk, leg, step, button="Sign and send", words="Signed and sent."):
    """Take a step that has nothing to fill in but what is there already."""
    desk.go(f"transfer/{leg}/{step}").press(button)
    said(desk, words)


def looks_well(desk):
    assert desk.axe() == []
    assert desk.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    desk.calm()


def test_the_origin_worker_takes_a_child_over_in_the_browser(people, chromium):
    back = {"country": "DJ", "onward": [people.worker.agency]}
    told = grant(people.clock, people.receiver.agency, categories={"monitoring_plan"}, purpose=FOLLOWED, **back)
    held, leg = people.offered(basis=people.basis(told))
    with signed_in(chromium, people.world, "hana", f"transfer/{leg}", size=PHONE) as worker:
        assert "Your turn" in worker.text
        assert "Responsible now: shelter@dj.example" in worker.text
        looks_well(worker)
        sign(worker, leg, "acknowledge")
        people.run()
        worker.go(f"transfer/{leg}/accept").press("Open what was sent")
        worker.page.locator(".packet").first.wait_for(timeout=SLOW)
        assert "Hagos Syn" in worker.text
        worker.fill("Where the child sleeps the first night", "SYN the room beside Sara's")
        worker.press("Check the gates before")
        said(worker, "Nothing stops this step.")
        looks_well(worker)
        worker.press("Sign, and hand to the second person")
        said(worker, "Prepared and sealed.")
        people.run()
        assert reading.show(people.receiver, leg).state == "acknowledged"
        with signed_in(chromium, people.world, "bekele", "supervisor") as chief:
            looks_well(chief)
            chief.page.get_by_role("link", name="Read and sign").first.click()
            said(chief, "SYN the room beside Sara's")
            chief.press("Sign and send")
            said(chief, "Signed and sent.")
            people.run()
            assert reading.show(people.worker, leg).state == "accepted"
            transfers.depart(people.worker, leg, people.plan())
            people.run()
            sign(worker, leg, "arrive")
            people.run()
            _verifies(people, worker, held, leg)
            meeting = meetings.begin(people.worker, handover.Side.SENDER, SAID, leg=leg)
            meetings.tick(people.worker, meeting, handover.CHECKLIST)
            transfers.release(people.boss, leg)
            people.run()
            meetings.tick(people.receiver, transfers.opened_release(people.chief, leg), handover.CHECKLIST)
            sign(chief, leg, "take")
            people.run()
            chief.go(f"transfer/{leg}")
            assert "Responsible now: your agency" in chief.text
            chief.press("Save the proof as a file")
            said(chief, "Whoever gets the file can check it")
            looks_well(chief)
            _tells_the_child(people, worker, leg)
            _tells_the_sender(people, worker, leg)
    assert register.who_holds(people.receiver, leg).holder == people.receiver.agency


def _tells_the_child(people, worker, leg):
    """What was decided about it: of two decisions of one day each is told, in a language and in a way that is named."""
    record = cases.of_leg(people.receiver, leg).record
    worker.go("tasks")
    held, arrived = (
        worker.page.locator(f'a[href="#/cases/{record}/told/{decision}"]')
        for decision in ("responsible_now", "child_arrived")
    )
    expect(arrived).to_be_visible(timeout=SLOW)
    looks_well(worker)
    held.click()
    worker.press("Save")
    said(worker, "This is missing, or not as it should be.")
    worker.page.locator("main").get_by_label("Language").select_option("ti")
    worker.page.get_by_label("How").select_option("drawing")
    worker.press("Save")
    worker.page.wait_for_url(re.compile(rf"cases/{record}$"), timeout=SLOW)
    worker.go(f"transfer/{leg}")
    expect(arrived).to_be_visible(timeout=SLOW)
    expect(held).to_have_count(0)
    assert [one.decision for one in telling.of_case(people.receiver, cases.of_leg(people.receiver, leg))] == [
        "child_arrived"
    ]


def _tells_the_sender(people, worker, leg):
    """How the child is, in codes and words without a name, where the consent lets the sender know."""
    transfer_steps.take(people.receiver, leg, "first_contact", day=people.day(), next=people.day(30))
    people.run()
    record = cases.of_leg(people.receiver, leg).record
    aftercare.follow(people.receiver, record, today(people.clock), "high", country="ET")
    visits.visit(people.receiver, record, people.clock.now(), themes={"school": "good"})
    worker.go(f"visits/{record}/report").fill("In words", "SYN she goes to school").press("Send")
    worker.page.wait_for_url(re.compile(rf"visits/{record}$"), timeout=SLOW)
    looks_well(worker.settled())
    said(worker, "Sealed, signed and sent. The agency that sent the case can read it.")
    people.run()
    (sections,) = [
        one.sections for one in opening.open_handoff(people.worker, leg) if "monitoring_plan" in one.sections
    ]
    progress = sections["monitoring_plan"]["progress"]
    assert (progress["words"], progress["contacts"]) == ("SYN she goes to school", 1)
    assert progress["themes"]["school"] == "good"


def _verifies(people, worker, held, leg):
    worker.go(f"transfer/{leg}/verify").press("Open what was sent")
    found = worker.page.get_by_label("Found: Languages", exact=False).first
    found.wait_for(timeout=SLOW)
    found.select_option("corrected")
    worker.press("Sign and send")
    said(worker, "Say what is true instead.")
    worker.fill("What is true instead: Languages", "ti, am")
    worker.press("Sign and send")
    said(worker, "Signed and sent.")
    people.run()
    assert [one.item.value for one in findings.corrections(people.worker, leg)] == [["ti", "am"]]


def test_a_worker_offers_a_case_step_by_step_and_the_gates_say_what_is_missing(people, chromium):
    held = people.hagos(names={"full": "SYN Other"})
    strange, basis, other = people.basis(subject={"pseudonym": "SYN-999"}), people.basis(), people.basis()
    with signed_in(chromium, people.world, "amina", f"transfer/offer/{held.record}") as desk:
        desk.press("Open the case")
        desk.page.get_by_label("To which agency").select_option(people.receiver.agency, timeout=SLOW)
        desk.press("Next").settled()
        choice = desk.page.get_by_label("The consent on which it goes")
        offered = choice.locator("option").evaluate_all("all => all.map(({ value }) => value)")
        assert max(map(offered.index, (basis.handoff, other.handoff))) < offered.index(strange.handoff)
        choice.select_option(strange.handoff)
        said(desk, "This consent was recorded for SYN-999; this case is SYN-ET-001.")
        looks_well(desk)
        choice.evaluate(CHANGED_TWICE, [basis.handoff, other.handoff])
        said(desk, "What they will see")
        scan = {"name": "SYN Ötzi scan.txt", "mimeType": "text/plain", "buffer": b"SYN scan"}
        desk.page.locator("input[type=file]").set_input_files(scan)
        said(desk, "What they will see: addis@et.example")
        looks_well(desk)
        shown = choice.input_value()  # the second one was chosen while the first was read
        desk.press("Next").settled()
        said(desk, "gates stop this step")
        assert "No best-interests determination supports this return." in desk.text
        desk.page.locator("summary", has_text="Sign an exception").click()
        desk.settled().fill("The reason", "the host has no panel before the border closes")
        looks_well(desk)
        desk.page.locator("details button[type=submit]").click()
        said(desk, "Nothing stops this step.")
        desk.press("Next").settled()
        desk.page.get_by_label("The supervisor who signs second").select_option(label="omar")
        desk.press("Sign, and hand to the second person")
        said(desk, "Prepared and sealed.")
        desk.go(f"cases/{held.record}").page.get_by_role("link", name="See its transfer").click(timeout=SLOW)
        said(desk, "It is not sent yet.")
        desk.calm()
    found = cases.load(people.worker, held.record)
    assert found.case is not None
    (leg,) = found.legs
    (waits,) = [one for one in cosigning.waiting(people.boss) if one.handoff == leg]
    with signed_in(chromium, people.world, "omar", f"transfer/sign/{waits.record}") as boss:
        assert "SYN-Otzi-scan.txt" in boss.text
        looks_well(boss)
        boss.press("Sign and send")
        said(boss, "Signed and sent.")
    people.run()
    assert records.sent_copy(people.worker, leg)["basis"] == shown
    with signed_in(chromium, people.world, "hana", f"transfer/{leg}") as receiver:
        receiver.press("Open what was sent")
        with receiver.page.expect_download() as saving:
            receiver.page.get_by_role("button", name="SYN-Otzi-scan.txt").click(timeout=SLOW)
        assert saving.value.path().read_bytes() == b"SYN scan"


def test_an_alarm_stands_above_all_and_the_other_side_signs_that_the_child_was_seen(people, chromium):
    held, leg = people.accepted()
    _passes(people, 5)
    assert reading.show(people.worker, leg).state == "missing_on_arrival"
    assert [one.decision for one in telling.listing(people.worker) if one.leg == leg] == ["transfer_accepted"]
    later = {"stage": "SYN where we go", "on": people.day(), "language": "ti", "format": "talk"}
    assert telling.of_case(people.worker, telling.note(people.worker, held.record, later)) == []
    transfer_steps.arrive(people.receiver, leg, people.clock.now())
    people.run()
    with signed_in(chromium, people.world, "omar", f"transfer/{leg}", size=NARROW, lang="ar") as desk:
        looks_well(desk)
        assert desk.page.locator(".notice.warn").count() >= 2
        desk.go(f"transfer/{leg}/cosign")
        looks_well(desk)
        desk.page.locator("button[type=submit]").click()
        desk.page.locator(".notice.good").wait_for(timeout=SLOW)
    people.run()
    assert reading.show(people.worker, leg).state == "arrived"


def test_a_successor_takes_on_the_case_of_an_agency_that_fell_silent(people, chromium):
    heir, third = people.world.members["daher"], people.receiver
    frail = people.world.found(AWAY, "frail", "ngo", "ET", "frail", successor=heir.agency)
    boss = people.world.join(frail, "frail-boss", {"supervisor"})
    people.run()
    held, _leg = People(people.world, people.worker, people.boss, frail, boss).handed_over()
    proven = canonical(proof.make(people.worker, held.record))
    _passes(people, *[10] * 12)
    with signed_in(chromium, people.world, "daher", "transfer/succession", size=NARROW) as desk:
        card = _given(desk, "1. Prepare", "proof.json", proven)
        card.get_by_label("The third agency").select_option(third.agency, timeout=SLOW)
        card.get_by_label("Its coordinator").select_option(third.id, timeout=SLOW)
        prepared = _saved(desk, card)
        said(desk, "Give the file to the coordinator")
        looks_well(desk)
        with signed_in(chromium, people.world, "hana", "transfer/succession", size=PHONE) as other:
            card = _given(other, "2. Sign", "succession.txt", prepared)
            card.get_by_label("I have made sure").check()
            signed = _saved(other, card)
            said(other, "Give the file back to authority@dj.example")
            looks_well(other)
        _given(desk, "3. Send", "succession-signed.txt", signed)
        desk.press("Send, and act as responsible")
        said(desk, "Sent. Your agency acts as responsible")
        looks_well(desk)
    people.run()
    who = register.who_holds(heir, succession.read(signed.decode())["handoff"])
    assert (who.holder, who.unilateral) == (heir.agency, True)


def _passes(people, *days):
    """Let days go by in steps; somebody says then that the clock is right."""
    for step in days:
        people.clock.forward(step * DAY)
        people.run()
    for served in people.world.hubs.values():
        confirm_time(served.hub)


def _given(desk, step, name, text):
    """Drop a file where a step takes it; return the step's card."""
    card = desk.page.locator(".card").filter(has=desk.page.get_by_role("heading", name=step))
    card.locator("input[type=file]").set_input_files({"name": name, "mimeType": "text/plain", "buffer": text})
    card.get_by_role("status").wait_for(timeout=SLOW)
    return card


def _saved(desk, card):
    with desk.page.expect_download() as saving:
        card.get_by_role("button", name="Sign, and save as a file").click()
    return saving.value.path().read_bytes()
