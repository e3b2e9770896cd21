"""A referral in two browsers: composed step by step, answered on a small phone, and closed with the child."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from hub.client import access, cosigning, groups, opening, outcomes, reading, records, referrals
from hub.client import basis as bases
from hub.client.referrals import Outgoing
from hub.clock import SetClock
from hub.packets.encoding import b64u
from tests.conftest import NOW
from tests.support.browsing import NARROW, PHONE, Desk, blind, browser, enter, refusing, signed_in
from tests.support.clinics import clinics
from tests.support.processes import until
from tests.support.world import consent, emergency, grant, populated, world

HOME, AWAY = "dj.example", "et.example"
DAY = datetime.fromtimestamp(NOW, UTC).date().isoformat()
SLOW = 30_000
MARKUP = "SYN <img src=x onerror=document.title='taken'>"
SAID = {"minimal_contact": {"v": 1, "given_name": MARKUP, "reference": "C-17"}}


@pytest.fixture(scope="module")
def chromium():
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, AWAY) as made:
        populated(made, HOME, AWAY)
        made.found(AWAY, "haven", "io", "ET", "selam")
        made.join(made.members["hana"], "gebre", {"provider"})
        with made.hubs[HOME].hub.database.write() as connection:
            clinics(connection, made.members["hana"], DAY, NOW)
        made.run()
        with blind(made, "SYN <img", "SYN Saba", "SYN Awate", "SYN Yonas"):
            yield made


@pytest.fixture(scope="module")
def held(place):
    to = place.members["hana"].agency
    scope = grant(place.clock, to, categories={"minimal_contact", "health"}, purpose="medical_care")
    return bases.draft(place.members["amina"], consent(place.clock, scope), "For the clinic")


def agreed(place, label, *to, **changes):
    scopes = [grant(place.clock, one.agency, categories={"minimal_contact"}, purpose="medical_care") for one in to]
    return bases.draft(place.members["amina"], consent(place.clock, *scopes, **changes), label).handoff


def tied(member, how):
    """The handoffs of the only group of that kind."""
    (group,) = [group for group in groups.every(member) if group.how is how]
    return group.handoffs


def referred(place, held, **more):
    out = Outgoing(place.members["hana"].agency, SAID, held, "medical_care", "urgent", service="clinic", **more)
    handoff = referrals.send(place.members["amina"], out).handoff
    place.run()
    return handoff


def looks_well(desk):
    assert desk.axe() == []
    assert desk.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert desk.page.title() != "taken"
    desk.calm()


def said(desk, words):
    desk.page.get_by_text(words).first.wait_for(timeout=SLOW)


def anew(desk):
    """Begin with an empty form, whatever was begun before."""
    if desk.button("Begin anew").count():
        desk.press("Begin anew")
    return desk


def begun(member):
    """The drafts that have not gone out, by their records."""
    return {row.handoff: row.value for row in records.listing(member, "draft") if "step" in row.value}


def test_a_worker_composes_and_sends(place, held, chromium):
    amina, hana = place.members["amina"], place.members["hana"]
    before = {row.value["handoff"] for row in records.listing(amina, "fanout")}
    drafts = begun(amina).keys()
    with signed_in(chromium, place, "amina", "compose", size=PHONE) as desk:
        mistaken = anew(desk).page.get_by_label("An emergency: they are not")
        mistaken.check()
        mistaken.uncheck()
        said(desk, "Choose a case, or give a first name")
        desk.fill("First name", MARKUP).press("Keep as a draft of the agency").fill("Age in years", "14")
        said(desk, "Kept, sealed.")
        expect(desk.page.get_by_label("Age in years")).to_have_value("14")  # typed while it was kept
        expect(desk.page.get_by_text("Choose a case, or give a first name")).to_have_count(0)
        desk.press("Next")
        said(desk, "Choose what is needed most to go on.")
        desk.page.get_by_label("What is needed most").select_option("health")
        desk.page.get_by_role("searchbox", name="Where help is needed").fill("North Hill")
        desk.page.get_by_role("button", name="Find: Where").click()
        desk.page.get_by_role("button", name="North Hill").click(timeout=SLOW)
        desk.press("Next")
        said(desk, "Ranked on this device")
        desk.page.get_by_text("1 nearly fits").wait_for(timeout=SLOW)
        looks_well(desk)
        desk.press("Choose")
        desk.page.get_by_label("Consent, or another lawful basis").select_option(held.handoff, timeout=SLOW)
        said(desk, "All of this may be sent")
        assert "Not covered by this consent: needs and dangers" in desk.text
        looks_well(desk)
        (draft,) = begun(amina).keys() - drafts
        looked = iter([True])  # whether it went out elsewhere; then it is closed
        desk.page.route(
            f"**/handoffs/{draft}",
            lambda route: route.fallback() if next(looked, False) else route.fulfill(status=409, body="{}"),
        )
        desk.press("Next").press("Seal and send")
        said(desk, "Sealed, signed and sent.")
        said(desk, "do not send it again")
        desk.page.unroute(f"**/handoffs/{draft}")
        desk.press("Try again")
        expect(desk.page.get_by_text("do not send it again")).to_have_count(0, timeout=SLOW)
        until(lambda: begun(amina).keys() == drafts, "the draft to be closed")
        place.run()
        desk.page.get_by_role("link", name="See where it stands").click()
        said(desk, "delivered, not yet seen")
        assert "SYN <img" in desk.page.locator("h1").inner_text()
        looks_well(desk)
        assert not any(b"SYN" in body for _, _, body in desk.asked)
    (fresh,) = {row.value["handoff"] for row in records.listing(amina, "fanout")} - before
    (found,) = opening.open_handoff(hana, fresh)
    assert found.sections["minimal_contact"] == {"v": 1, "given_name": MARKUP, "age": 14}
    assert found.sections["request"]["why"]["near_misses"] == 1
    assert reading.show(hana, fresh).submission.statement.body["urgency"] == "routine"


def test_several_are_asked_and_one_that_said_yes_is_kept(place, chromium):
    amina, hana, selam = (place.members[login] for login in ("amina", "hana", "selam"))
    basis = agreed(place, "For two clinics", hana, selam)
    with signed_in(chromium, place, "amina", "compose", size=NARROW) as desk:
        anew(desk).fill("Your reference", "C-21").press("Next")
        desk.page.get_by_label("What is needed most").select_option("health")
        desk.press("Next").page.get_by_label("Ask several providers at once").check()
        for one in (hana, selam):
            desk.page.get_by_label("Agency", exact=True).select_option(one.agency, timeout=SLOW)
            desk.press("Add this agency")
        looks_well(desk)
        desk.press("Next")
        desk.page.get_by_label("Consent, or another lawful basis").select_option(basis, timeout=SLOW)
        expect(desk.page.get_by_text("All of this may be sent")).to_have_count(2, timeout=SLOW)
        looks_well(desk)
        desk.press("Next").press("Keep as a draft of the agency")
        said(desk, "Kept, sealed.")
        other = Desk(desk.page.context.new_page(), desk.url)
        other.page.clock.set_fixed_time(place.clock.now())
        enter(other, "amina", b64u(amina.profile.device.value)).go("compose").press("Draft of")
        refusing(desk, 1)
        desk.press("Seal and send")
        said(desk, "What did not go out stays as a draft")
        expect(desk.page.get_by_text("Sealed, signed and sent.")).to_have_count(1)
        looks_well(desk)
        other.press("Seal and send")
        said(other, "This was sent or discarded already")
        desk.page.unroute("**/api/v1/handoffs")
        desk.press("Go on with the rest")
        said(desk, "These have theirs already")
        looks_well(desk)
        desk.press("Seal and send")
        said(desk, "Sealed, signed and sent.")
        expect(desk.button("Go on with the rest")).to_have_count(0)
        first, _, second = tied(amina, groups.How.CHOICE)
        place.run()
        referrals.take(hana, first, "accept", first_contact="2026-12-01")
        place.run()
        desk.go("outbox")
        looks_well(desk)
        desk.press(f"Choose {hana.agency.removeprefix('urn:rcp:agency:')}")
        expect(desk.page.get_by_text("Asked of several")).to_have_count(0, timeout=SLOW)
        desk.go(f"handoff/{second}")
        expect(desk.page.get_by_text("chosen", exact=True)).to_be_visible(timeout=SLOW)
        looks_well(desk)
    place.run()
    assert reading.show(selam, second).state == "cancelled"
    assert (reading.show(hana, first).state, groups.of(amina, first)[0].chosen) == ("accepted", first)


def test_a_household_goes_in_packets_that_do_not_name_one_another(place, chromium):
    amina, hana = place.members["amina"], place.members["hana"]
    subject = {"situation": "unaccompanied", "age_band": "15-17", "languages": ["ti"], "law": "DJ"}
    people = {f"SYN {name}": f"SYN-{name.upper()}" for name in ("Awate", "Yonas")}
    held = [agreed(place, code, hana, subject={"pseudonym": code, **subject}) for code in people.values()]
    with signed_in(chromium, place, "amina", "compose") as desk:
        anew(desk).page.get_by_text("Others of the same household").click()
        desk.press("Add a person").press("Add a person")
        for at, name in enumerate(["SYN Awate", "SYN Tek", "SYN Yonas"]):
            desk.page.get_by_label("First name").nth(at).fill(name)
        looks_well(desk)
        desk.press("Next").page.get_by_label("What is needed most").select_option("health")
        desk.press("Next").page.get_by_label("Agency", exact=True).select_option(hana.agency, timeout=SLOW)
        desk.press("Next")
        for person in (1, 2):
            said(desk, f"Person {person} of 3")
            for basis in reversed(held):  # the one that was chosen last counts, whichever opens first
                desk.page.get_by_label("Consent, or another lawful basis").select_option(basis, timeout=SLOW)
            said(desk, "All of this may be sent")
            if person == 1:
                desk.press("Next")
        desk.page.locator("input[type=file]").set_input_files(
            {"name": "of-tek.txt", "mimeType": "text/plain", "buffer": b"SYN Tek"}
        )
        said(desk, "of-tek.txt")
        desk.press("Previous").press("Previous").press("Previous").press("Leave out person 2")
        desk.press("Next").press("Next").press("Next")
        for at, basis in enumerate(held):
            said(desk, f"Person {at + 1} of 2")
            desk.page.get_by_label("Consent, or another lawful basis").select_option(basis, timeout=SLOW)
            said(desk, "All of this may be sent")
            assert "of-tek" not in desk.text  # what was chosen for somebody goes with them
            looks_well(desk)
            desk.press("Next")
        desk.press("Seal and send")
        expect(desk.page.get_by_text("Sealed, signed and sent.")).to_have_count(2, timeout=SLOW)
        sent = tied(amina, groups.How.HOUSEHOLD)
        place.run()
        desk.go(f"handoff/{sent[0]}")
        said(desk, "The same household")
        expect(desk.page.get_by_role("link", name="SYN Yonas")).to_be_visible()
        looks_well(desk)
    told = [opening.open_handoff(hana, one)[0].sections["minimal_contact"]["given_name"] for one in sent]
    assert told == list(people)


def test_an_emergency_in_a_medical_window_names_nobody(place, chromium):
    amina, hana = place.members["amina"], place.members["hana"]
    omar = place.join(amina, "omar", {"supervisor", "caseworker"})
    note = emergency(amina, place.clock, hana.agency, omar.id)
    with signed_in(chromium, place, "amina", "compose", size=PHONE) as desk:
        anew(desk).page.get_by_label("An emergency: they are not").check()
        desk.fill("Age in years", "14")
        looks_well(desk)
        desk.press("Next").page.get_by_label("What is needed most").select_option("health")
        desk.page.get_by_text("A medical window that closes").first.click()
        desk.page.get_by_label("A medical window that closes").select_option("pep")
        said(desk, "Say when it happened to go on.")
        desk.fill("When it happened", "2020-01-01T10:00")
        said(desk, "This window has closed")
        desk.fill("When it happened", f"{DAY}T00:00")
        looks_well(desk)
        desk.press("Next").page.get_by_label("Agency", exact=True).select_option(hana.agency, timeout=SLOW)
        desk.press("Next")
        desk.page.get_by_label("Consent, or another lawful basis").select_option(note.handoff, timeout=SLOW)
        said(desk, "All of this may be sent")
        desk.press("Next").press("Seal and send")
        said(desk, "it waits for the second signature")
    (waits,) = cosigning.waiting(amina)
    assert waits.copy["sections"]["minimal_contact"] == {"age_band": "12-14"}
    assert (waits.body["urgency"], waits.body["due"] - NOW <= 1800) == ("emergency", True)


def test_what_came_is_passed_on_to_whom_its_consent_names(place, chromium):
    amina, hana, selam = (place.members[login] for login in ("amina", "hana", "selam"))
    scope = grant(
        place.clock, hana.agency, categories={"minimal_contact"}, purpose="medical_care", onward=[selam.agency]
    )
    basis = bases.draft(amina, consent(place.clock, scope), "Onward")
    handoff = referrals.send(amina, Outgoing(hana.agency, SAID, basis, "medical_care", service="clinic")).handoff
    place.run()
    with signed_in(chromium, place, "hana", f"handoff/{handoff}", size=PHONE) as desk:
        desk.press("Open and read")
        desk.page.get_by_role("link", name="Pass it on").click(timeout=SLOW)
        said(desk, "You pass on what came to you")
        looks_well(desk)
        desk.press("Next").page.get_by_label("What is needed most").select_option("health")
        desk.press("Next").page.get_by_label("Agency", exact=True).select_option(selam.agency, timeout=SLOW)
        desk.press("Next")
        said(desk, "All of this may be sent")
        looks_well(desk)
        desk.press("Next").press("Seal and send")
        said(desk, "Sealed, signed and sent.")
    (passed,) = [row.value for row in records.listing(hana, "fanout") if row.value["came_by"] == handoff]
    assert opening.open_handoff(selam, passed["handoff"])[0].sections["minimal_contact"] == SAID["minimal_contact"]


def test_what_is_sealed_without_a_line_goes_out_once(place, held, chromium):
    amina, hana = place.members["amina"], place.members["hana"]
    before = {row.value["handoff"] for row in records.listing(amina, "fanout")}
    with signed_in(chromium, place, "amina", "compose") as desk:
        anew(desk).fill("First name", "SYN Saba").press("Next")
        desk.page.get_by_label("What is needed most").select_option("health")
        desk.press("Next")
        desk.page.get_by_label("Agency", exact=True).select_option(hana.agency, timeout=SLOW)
        desk.page.get_by_label("Type of service").select_option("clinic")
        desk.press("Next")
        desk.page.get_by_label("Consent, or another lawful basis").select_option(held.handoff, timeout=SLOW)
        said(desk, "All of this may be sent")
        desk.press("Next")
        desk.page.get_by_role("button", name="Seal and send").wait_for(timeout=SLOW)
        desk.page.context.set_offline(True)
        desk.press("Seal and send")
        said(desk, "It waits on this device")
        assert {row.value["handoff"] for row in records.listing(amina, "fanout")} == before
        desk.page.context.set_offline(False)
        desk.hurry("Send now")  # a line that is back sends by itself, too
        expect(desk.button("Send now")).to_have_count(0, timeout=SLOW)
    place.run()
    (fresh,) = {row.value["handoff"] for row in records.listing(amina, "fanout")} - before
    assert opening.open_handoff(hana, fresh)[0].sections["minimal_contact"]["given_name"] == "SYN Saba"


def test_what_was_typed_is_there_again_and_goes_with_the_draft(place, chromium):
    before = begun(place.members["amina"])
    with signed_in(chromium, place, "amina", "compose") as desk:
        anew(desk).fill("Your reference", "C-99").press("Next")
        desk.press("Keep as a draft of the agency")
        said(desk, "Kept, sealed.")
        desk.go("tasks").go("compose")
        looks_well(desk)
        desk.press("Go on with what I typed here last").press("Previous")
        expect(desk.page.get_by_label("Your reference")).to_have_value("C-99")
        desk.press("Discard")
        expect(desk.page.get_by_label("Your reference")).to_have_value("")
        desk.go("tasks").go("compose")
        expect(desk.button("Go on with what I typed here last")).to_have_count(0)
    assert begun(place.members["amina"]) == before


def test_a_provider_says_yes_in_two_taps_on_a_small_phone(place, held, chromium):
    handoff = referred(place, held, needs=("health", "food"))
    with signed_in(chromium, place, "hana", size=NARROW) as desk:
        looks_well(desk)
        desk.page.locator(f"a[href='#/handoff/{handoff}']").click()
        desk.settled().press("Yes, we help")
        looks_well(desk)
        desk.page.locator("form button.main").click()
        said(desk, "Signed and sent.")
        place.run()
        desk.press("Look again")
        said(desk, "accepted, not yet begun")
        desk.press("Open and read")
        said(desk, "C-17")
        looks_well(desk)
        desk.page.get_by_text("Who works on it").click()
        desk.page.get_by_label("Name a colleague").select_option(label="gebre", timeout=SLOW)
        desk.press("Assign it to them")
        said(desk, "Assigned.")
        desk.press("Report what came of it").page.get_by_label("Got help", exact=True).check()
        desk.page.get_by_text("What was given").first.click()
        desk.page.get_by_label("a clinic").check()
        looks_well(desk)
        desk.page.locator("form button.main").click()
        said(desk, "Signed and sent.")
        desk.go("inbox")
        expect(desk.page.get_by_role("link", name="C-17")).to_be_visible()
    place.run()
    assert place.members["gebre"].id in access.assigned(
        place.members["hana"], reading.show(place.members["hana"], handoff)
    )
    told = opening.open_handoff(place.members["amina"], handoff)[-1].sections["reply"]
    assert (told["got_help"], told["services"]) == ("yes", ["clinic"])


def test_a_provider_has_a_waiting_list_or_no_place_in_two_taps(place, held, chromium):
    waits, refused = (referred(place, held) for _ in range(2))
    with signed_in(chromium, place, "gebre", f"handoff/{waits}", size=NARROW) as desk:
        desk.press("Yes, on our waiting list")
        desk.page.locator("form button.main").click()
        said(desk, "Signed and sent.")
        desk.go(f"handoff/{refused}").press("No, we cannot")
        desk.page.get_by_label("Reason", exact=True).select_option("no_capacity")
        looks_well(desk)
        desk.page.locator("form button.warn").click()
        said(desk, "Signed and sent.")
    place.run()
    amina = place.members["amina"]
    assert [reading.show(amina, one).state for one in (waits, refused)] == ["waitlisted", "declined"]


def test_a_question_is_answered_and_the_loop_closed_with_the_child(place, held, chromium):
    amina, hana = place.members["amina"], place.members["hana"]
    handoff = referred(place, held)
    referrals.take(hana, handoff, "acknowledge")
    referrals.take(hana, handoff, "ask", text=f"Is {MARKUP} her name?")
    place.run()
    with signed_in(chromium, place, "amina", "outbox") as desk:
        desk.press("Questions to you (1)").page.locator(f"a[href='#/handoff/{handoff}']").click()
        desk.settled().press("Open what they wrote")
        said(desk, "Is SYN <img")
        desk.press("Answer the question").fill("Your answer", "Yes, it is.")
        looks_well(desk)
        desk.go("inbox").go(f"handoff/{handoff}").press("Answer the question")
        expect(desk.page.get_by_label("Your answer")).to_have_value("Yes, it is.")
        desk.page.locator("form button.main").click()
        said(desk, "Signed and sent.")
        place.run()
        assert opening.open_handoff(hana, handoff)[-1].sections["minimal_contact"]["note"] == "Yes, it is."
        for step, words in (
            ("accept", {"first_contact": "2026-12-01"}),
            ("start", {"contact": DAY}),
            ("report_outcome", {"got_help": "yes"}),
        ):
            referrals.take(hana, handoff, step, **words)
        place.run()
        desk.press("Look again").press("The child was asked: close")
        desk.page.get_by_label("Got help", exact=True).check()
        looks_well(desk)
        desk.page.locator("form button.main").click()
        said(desk, "closed; the child was asked")
        looks_well(desk)
        desk.page.get_by_role("link", name="Receipts").click()
        said(desk, "Fingerprint of what was signed")
        assert reading.show(amina, handoff).lines[0].hash in desk.on_paper()
        looks_well(desk)
    (fact,) = [fact for fact in outcomes.facts(amina) if fact.handoff == handoff]
    assert (fact.outcome, fact.grade) == ("yes", "signed")


def test_a_link_is_made_and_what_came_back_is_written_down(place, held, chromium):
    amina, hana = place.members["amina"], place.members["hana"]
    handoff = referred(place, held, needs=("health",))
    with signed_in(chromium, place, "amina", f"handoff/{handoff}") as desk:
        desk.press("Make a link")
        said(desk, "This is shown once.")
        address = desk.page.get_by_role("textbox", name="Address").input_value()
        assert "/l/" in address
        desk.page.evaluate(
            "() => { globalThis.print = () => { printed = document.querySelector('.paper').textContent } }"
        )
        desk.press("Print")
        desk.page.wait_for_function("address => globalThis.printed?.includes(address)", arg=address)
        assert not any(address.partition("#")[2].encode() in body for _, _, body in desk.asked)
        looks_well(desk)
        place.run()
        referrals.take(hana, handoff, "decline", code="no_capacity")
        place.run()
        desk.press("Look again").press("Refer again, or record the unmet need")
        desk.press("Record the unmet need")
        said(desk, "closed after a decline")
        looks_well(desk)
    assert {row.value["reason"] for row in records.listing(amina, "unmet")} == {"no_capacity"}
