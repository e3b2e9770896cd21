"""A coordinator at work on the service map: find, keep, check, decide, take files in, merge, look at numbers."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from hub.client import referrals
from hub.client.referrals import Outgoing
from hub.clock import SetClock
from hub.directory.imports.jobs import run_imports
from tests.conftest import NOW
from tests.support.areas import collection, square
from tests.support.browsing import NARROW, browser, signed_in
from tests.support.furnished import HOSTILE
from tests.support.mapped import counted, mapped, table
from tests.support.processes import until
from tests.support.world import SECTIONS, reception, world

pytestmark = pytest.mark.slow
HOST = "et.example"
MONTH = "2026-07"
RECORDS = "/api/v1/directory/records"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOST) as made:
        amina, hana = (
            made.found(HOST, "shelter", "shelter", "DJ", "amina"),
            made.found(HOST, "addis", "io", "ET", "hana"),
        )
        made.train(amina, made.join(amina, "trainer", {"agency_admin"}))
        liya = made.join(hana, "liya", {"coordinator"})
        gebre = made.join(hana, "gebre", {"provider"})
        made.ids = mapped(made.hubs[HOST], liya, gebre, HOSTILE)
        counted(liya, MONTH)
        basis = reception(amina, made.clock, hana.agency)
        referrals.send(amina, Outgoing(hana.agency, SECTIONS, basis, "reception"))
        made.run()
        yield made


@pytest.fixture(scope="module")
def signed(place):
    with browser() as chromium, signed_in(chromium, place, "liya", "services", lang="en") as desk:
        yield desk


@pytest.fixture
def desk(signed):
    yield signed
    assert signed.page.title() != "taken"
    signed.calm()


def record(place, word):
    return place.members["liya"].hub.get(f"{RECORDS}/{place.ids[word]}")


def card(desk, name):
    return desk.page.locator(".results > .card").filter(has_text=name)


def test_a_search_finds_a_service_and_its_record_says_all_in_words(desk, place):
    desk.go("services").fill("What are you looking for?", "reception amhara").press("Search")
    expect(desk.page.get_by_text("1 service found.")).to_be_visible()
    desk.page.get_by_role("link", name="Night shelter").click()
    desk.settled()
    for words in ("is full", "Opening hours", "Mon, Tue, Wed, Thu, Fri 08:30", "0 to 17 years; girl or woman"):
        assert words in desk.text
    assert desk.axe() == []
    desk.page.go_back()
    expect(desk.page.get_by_text("1 service found.")).to_be_visible()
    sent = [json.loads(body) for _, url, body in desk.asked if url.endswith("/search")]
    assert {"text": "reception amhara"}.items() <= sent[-1].items()
    assert not any("amhara" in url for _, url, _ in desk.asked)


def test_a_change_is_compared_saved_with_how_it_is_known_and_told_in_the_history(desk, place):
    where = f"services/{place.ids['site']}"
    desk.go(f"{where}/edit")
    desk.fill("Town", "Addis").press("Save")
    expect(desk.page.get_by_text("Say how you know.")).to_be_visible()
    desk.page.get_by_label("I was there").check()
    expect(desk.page.locator(".differences")).to_contain_text("Addis")
    assert desk.axe() == []
    desk.press("Save")
    expect(desk.page.get_by_text("Saved as version 2.")).to_be_visible()
    assert record(place, "site")["document"]["addresses"] == [{"city": "Addis"}]
    desk.go(f"{where}/history")
    expect(desk.page.get_by_role("heading", name="Version 2")).to_be_visible()
    assert "Addis" in desk.text
    desk.go(where)
    assert "the focal point only" in desk.text


def test_what_is_not_of_its_form_is_said_beside_the_field(desk, place):
    desk.go("services/new/site")
    desk.fill("Name", "SYN Half a place").fill("Latitude", "9.1")
    desk.page.get_by_label("I called them").check()
    desk.press("Save")
    expect(desk.page.locator(".field.wrong", has_text="A position has both latitude and longitude.")).to_be_visible()
    desk.page.get_by_label("Longitude", exact=False).first.fill("38.7")
    desk.press("Save")
    expect(desk.page.get_by_role("heading", name="SYN Half a place")).to_be_visible()


def test_a_service_of_the_own_agency_is_reached_by_its_inbox(desk, place):
    liya = place.members["liya"]
    desk.go("services/new/provider").fill("Name", "SYN Hana's house")
    desk.page.get_by_label("Agency in Handover").select_option(liya.agency)
    desk.page.get_by_label("I know it otherwise").check()
    desk.press("Save")
    expect(desk.page.get_by_role("heading", name="SYN Hana's house")).to_be_visible()
    desk.page.get_by_role("link", name="New service").click()
    desk.settled().fill("Name", "SYN Beds for one night")
    desk.page.locator("summary", has_text="who answers for it").click()
    desk.page.get_by_label("Inbox in Handover").select_option(label="Our inbox 1")
    desk.page.get_by_role("searchbox", name="Covers these areas").fill("Amhara")
    desk.page.keyboard.press("Enter")
    desk.press("Amhara, Ethiopia")
    desk.page.get_by_label("I was there").check()
    desk.press("Save")
    expect(desk.page.get_by_role("heading", name="SYN Beds for one night")).to_be_visible()
    place.ids["beds"] = desk.page.url.rpartition("/")[2]
    kept = record(place, "beds")["document"]
    assert kept["inbox"] in liya.home().entry.inboxes
    assert kept["coverage"] == {"areas": ["ET-AM"]}


def test_who_is_not_served_and_names_in_other_languages_are_kept_and_told(desk, place):
    whose = record(place, "unchecked")["document"]["organization_id"]
    document = {"name": "SYN Small loans", "status": "active", "organization_id": whose, "needs": ["microfinance"]}
    made = place.members["liya"].hub.post(RECORDS, {"kind": "service", "document": document})
    place.ids["loans"] = made["id"]
    where = f"services/{made['id']}"
    desk.go(f"{where}/edit")
    desk.page.locator("summary", has_text="In other languages").click()
    desk.fill("Arabic: Name", "قروض صغيرة").fill("French: Name", "Petits prêts")
    desk.page.get_by_label("How it was translated: French: Name").select_option("machine")
    desk.page.locator("summary", has_text="who it is for").click()
    desk.press("Add an exclusion").press("Add an exclusion")
    part = desk.page.get_by_role("group", name="Exclusion 2")
    part.get_by_label("By what").select_option("nationality")
    part.get_by_label("These are not served").fill("dj er")
    part.get_by_label("The law that demands it").fill("SYN Act 3/2020")
    part.get_by_label("Reviewed by").fill("SYN legal officer")
    part.get_by_label("To be reviewed again by").fill("2027-06-30")
    desk.press("Remove exclusion 1")
    expect(desk.page.get_by_role("group", name="Exclusion 1")).to_contain_text("Djibouti, Eritrea")
    expect(desk.page.get_by_label("The law that demands it")).to_have_value("SYN Act 3/2020")
    desk.page.get_by_label("I was there").check()
    assert desk.axe() == []
    desk.press("Save")
    expect(desk.page.get_by_text("Saved as version")).to_be_visible()
    kept = record(place, "loans")["document"]
    reviewed = {"legal_reason": "SYN Act 3/2020", "reviewed_by": "SYN legal officer", "review_by": "2027-06-30"}
    assert kept["eligibility"]["exclusions"] == [{"attribute": "nationality", "values": ["DJ", "ER"], **reviewed}]
    assert kept["translations"]["fr"]["name"] == {"text": "Petits prêts", "state": "machine"}
    for screen in (where, f"{where}/history"):
        desk.go(screen)
        for words in ("nationality: Djibouti, Eritrea. SYN Act 3/2020", "French, Name: Petits prêts"):
            assert words in desk.text


def test_a_file_of_areas_is_looked_at_before_the_tree_grows_and_who_works_there_is_another_agencys_word(desk, place):
    amina = place.members["amina"]
    rows = [
        ({"adm2_pcode": "ET0101", "adm2_name": "SYN Arada", "adm1_pcode": "ET-AA"}, square(38.7, 9.0, 0.1)),
        ({"adm2_pcode": "ET0102", "adm2_name": "SYN Nowhere", "adm1_pcode": "XX99"}, None),
    ]
    desk.go("areas?country=ET")
    assert "Addis Ababa" in desk.text
    file = {"name": "woredas.geojson", "mimeType": "application/geo+json", "buffer": collection(*rows)}
    desk.page.locator("input[type=file]").set_input_files(file)
    slow = []
    desk.page.route("**/areas/import", lambda route: slow.append(route))  # noqa: PLW0108 - it is inspected
    desk.press("Show what would become of it")
    language = desk.page.get_by_label("Language of names that do not say theirs")
    language.select_option("fr")
    until(lambda: desk.page.wait_for_timeout(20) or slow, "the file to be on its way")
    slow[0].continue_()
    desk.page.unroute("**/areas/import")
    expect(desk.button("Show what would become of it")).to_be_enabled()
    expect(desk.page.get_by_text("Nothing was changed yet.")).to_have_count(0)  # it was asked in another language
    language.select_option("en")
    desk.press("Show what would become of it")
    expect(desk.page.get_by_text("Nothing was changed yet.")).to_be_visible()
    expect(desk.page.get_by_role("row").filter(has_text="not taken")).to_contain_text("ET0102")
    assert desk.axe() == []
    desk.press("Take the file in")
    expect(desk.page.get_by_text("The file was taken in.")).to_be_visible()
    desk.page.get_by_label("Level").first.select_option("2")
    desk.page.get_by_role("link", name="SYN Arada").click()
    desk.settled()
    expect(desk.page.locator(".gap-map .gap-usable")).to_have_count(1)
    desk.page.get_by_label("Agency").select_option(amina.agency)
    desk.press("Say that it works here")
    row = desk.page.get_by_role("row").filter(has_text="shelter@")
    expect(row).to_contain_text("SYN Arada")
    assert desk.axe() == []
    row.get_by_role("button", name="Works here no longer").click()
    expect(row).to_have_count(0)


def test_still_right_is_one_tap(desk, place):
    desk.go("due")
    row = card(desk, "Youth hostel")
    expect(row).to_contain_text("never checked")
    row.get_by_role("button", name="Still right, I called").click()
    expect(card(desk, "Youth hostel")).to_have_count(0)
    assert record(place, "unchecked")["document"]["verified"]["offer"]["how"] == "call"


def test_what_has_ended_is_renewed_with_a_new_last_day_many_at_once(desk, place):
    liya, whose = place.members["liya"], record(place, "unchecked")["document"]["organization_id"]
    names = ("SYN Summer school", "SYN Winter school")
    for name in names:
        document = {"name": name, "status": "active", "organization_id": whose, "needs": ["food"], "ends": "2026-06-30"}
        place.ids[name] = liya.hub.post(RECORDS, {"kind": "service", "document": document})["id"]
        liya.hub.post(f"{RECORDS}/{place.ids[name]}/verify", {"how": "call"})
    open_still = {"name": "SYN Spring school", "status": "active", "organization_id": whose, "needs": ["food"]}
    liya.hub.post(RECORDS, {"kind": "service", "document": open_still})
    verified = record(place, names[0])["document"]["verified"]
    desk.go("due")
    for name in (*names, "SYN Spring school"):
        desk.page.get_by_label(f"Choose {name}").check()
    desk.press("Renew 3 records")
    dialog = desk.page.get_by_role("dialog")
    expect(dialog).to_contain_text("2 of those chosen have ended and are left out.")
    expect(dialog).to_contain_text("This says of each that it is still right")
    desk.page.keyboard.press("Escape")
    desk.page.get_by_label("Choose SYN Spring school").uncheck()
    desk.press("Renew 2 records").press("Show what would change")
    expect(desk.page.get_by_role("dialog")).to_contain_text("The last day of these has passed.")
    desk.fill("New last day", "2027-06-30").press("Show what would change")
    expect(desk.page.get_by_role("dialog").get_by_role("row")).to_have_count(3)
    assert desk.axe() == []
    desk.page.get_by_role("dialog").get_by_role("button", name="Renew 2 records").click()
    expect(desk.page.get_by_text("2 records were renewed.")).to_be_visible()
    for name in names:
        kept = record(place, name)["document"]
        assert (kept["ends"], kept["verified"]) == ("2027-06-30", verified)


def test_a_request_is_taken_in_part_and_a_new_number_waits_for_a_call(desk, place):
    desk.go("requests")
    row = card(desk, "Reception of children")
    for words in ("As of Monday.", "has places", "has a waiting list", "+251 11 000 0002", "Your turn"):
        expect(row).to_contain_text(words)
    assert desk.axe() == []
    row.get_by_label("Take this: Description").uncheck()
    row.get_by_role("button", name="Approve what is ticked").click()
    expect(desk.page.get_by_text("These wait for three days")).to_contain_text("Phone")
    expect(row).not_to_contain_text("Your turn")
    desk.press("Back to the list")
    held = card(desk, "waits for a call or three days")
    held.get_by_role("button", name="I called, it is right").click()
    expect(held).to_contain_text("Say in a few words what you were told.")
    held.get_by_label("What was said on the old number").fill("Hodan says it is hers.")
    held.get_by_role("button", name="I called, it is right").click()
    expect(desk.page.get_by_text("There are none.")).to_be_visible()
    kept = record(place, "service")["document"]
    assert (kept["capacity"]["state"], kept["phones"][0]["number"]) == ("waitlist", "+251 11 000 0002")
    assert "Families" not in kept["description"]


def test_a_file_is_looked_at_row_by_row_before_it_is_taken_in(desk, place):
    hub = place.hubs[HOST].hub
    desk.go("imports").press("Show what would become of it")
    expect(desk.page.get_by_text("Choose a file.")).to_be_visible()
    given = {"name": "august.csv", "mimeType": "text/csv", "buffer": table(f"{HOSTILE} {{}}")}
    desk.page.locator("input[type=file]").set_input_files(given)
    desk.press("Show what would become of it")
    expect(desk.page.get_by_role("heading", name="What becomes of a file")).to_be_visible()
    run_imports(hub)
    expect(desk.page.get_by_text("Nothing was changed yet.")).to_be_visible()
    desk.page.get_by_label("Also rows of which there is nothing to say").check()
    rows = desk.page.get_by_role("table", name="Row by row")
    fresh = rows.get_by_role("row").filter(has_text="new").first
    expect(fresh).to_be_visible()
    expect(fresh.get_by_role("link")).to_have_count(0)
    wrong = desk.page.get_by_role("row").filter(has_text="not taken").last
    expect(wrong).to_contain_text("Kind of provider: This is none of the words that are known here.")
    assert desk.axe() == []
    desk.press("Take the file in")
    expect(desk.page.locator("progress")).to_be_visible()
    run_imports(hub)
    expect(desk.page.get_by_text("The file was taken in.")).to_be_visible()
    desk.page.get_by_label("Also rows of which there is nothing to say").check()
    expect(fresh.get_by_role("link")).to_have_count(1)
    desk.go("imports")
    with desk.page.expect_download() as fetched:
        desk.press("Fetch the file")
    assert fetched.value.suggested_filename == "service-map.xlsx"


def test_two_records_become_one_with_what_is_taken_over(desk, place):
    desk.go("duplicates")
    expect(desk.page.locator(".results").first).to_contain_text("the same phone number")
    desk.go(f"duplicates/{place.ids['pair']}")
    stays = desk.page.get_by_role("radio", name="SYN Care for Children Ethiopia")
    stays.check()
    kept = stays.get_attribute("value")
    desk.page.get_by_label("Take over: Short name").check()
    assert desk.axe() == []
    desk.press("They are one: merge")
    expect(desk.page.get_by_text("Both addresses lead to the record that stays.")).to_be_visible()
    place.ids["kept"] = kept
    assert record(place, "kept")["document"]["acronym"] == "CCE"
    desk.go("duplicates")
    desk.page.get_by_label("Which").select_option("over")
    desk.page.get_by_role("button", name="Undo the decision").first.click()
    expect(desk.page.get_by_text("No pair waits here.")).to_be_visible()


def test_the_map_is_drawn_without_asking_anybody_and_its_list_says_the_same(desk, place):
    desk.go("map")
    canvas = desk.page.locator(".map-canvas canvas").first
    expect(canvas).to_be_visible()
    expect(card(desk, "Night shelter")).to_contain_text("exact place")
    desk.page.get_by_label("Area").select_option("ET-AM")
    expect(desk.page.get_by_text("1 place in this area.")).to_be_visible()
    before = canvas.screenshot()
    card(desk, "Night shelter").get_by_role("button", name="Show on the map").click()
    desk.page.locator(".map-canvas").focus()
    desk.page.keyboard.press("+")
    expect(desk.page.locator(".map-both .chosen")).to_contain_text("Night shelter")
    until(lambda: canvas.screenshot() != before, "the map to come nearer")
    assert desk.axe() == []
    desk.page.set_viewport_size(NARROW)
    assert not desk.page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")
    desk.page.set_viewport_size({"width": 1280, "height": 900})


def test_gaps_board_and_statistics_say_in_tables_what_they_draw(desk, place):
    desk.go("gaps")
    expect(desk.page.get_by_role("row").filter(has_text="Tigray")).to_contain_text("nobody helps here")
    expect(desk.page.get_by_role("img", name="Map: help with reception after a journey")).to_be_visible()
    with desk.page.expect_download() as fetched:
        desk.press("Fetch the table as a file (CSV)")
    assert fetched.value.suggested_filename == "gaps-ET.csv"
    desk.go("board")
    expect(desk.page.get_by_text("none or few (10 at most)").first).to_be_visible()
    assert desk.axe() == []
    desk.go("statistics")
    expect(desk.page.get_by_role("row").filter(has_text="Delivered").first).to_contain_text("1")
    for plot in desk.page.locator(".plot").all():
        drawing = plot.get_by_role("img", name=plot.locator("caption").inner_text(), exact=True)
        expect(drawing.locator("rect.bar")).to_have_count(plot.locator("tbody tr").count())
    desk.page.get_by_role("tab", name="What became of it").click()
    desk.page.get_by_label("Month").select_option(MONTH)
    expect(desk.page.get_by_text("Published by 1 agency.")).to_be_visible()
    desk.page.get_by_label("Show").select_option("ending")
    expect(desk.page.get_by_role("row").filter(has_text="helped").first).to_contain_text("26")
    expect(desk.page.get_by_role("row").filter(has_text="hidden").first).to_be_visible()
    expect(desk.page.get_by_role("img", name="How it ended").locator("rect.bar")).not_to_have_count(0)
    expect(desk.page.get_by_text("Your agency has published this month.")).to_be_visible()
    with signed_in(desk.page.context.browser, place, "amina", "statistics", lang="en") as other:
        other.page.get_by_role("tab", name="What became of it").click()
        other.page.get_by_label("Month").select_option("2026-05")
        other.press("Count our records")
        expect(other.page.get_by_text("Help was sought for fewer than ten needs.")).to_be_visible()
        assert other.axe() == []
        other.press("Publish, for good")
        expect(other.page.get_by_text("Your agency has published this month.")).to_be_visible()
        other.calm()
    desk.page.get_by_label("Month").select_option("2026-05")
    expect(desk.page.get_by_text("A supervisor of your agency counts")).to_be_visible()
    unmet = (
        "month,area,need,group,count\n2026-06,ET-AA,health,all,40\n2026-06,ET-AA,health,female,4\n2026-06,,health,all,1"
    )
    file = desk.page.locator("input[type=file]")
    file.set_input_files({"name": "unmet.csv", "mimeType": "text/csv", "buffer": unmet.encode()})
    expect(desk.page.get_by_text("These lines are not of their form: 4.")).to_be_visible()
    file.set_input_files({"name": "unmet.csv", "mimeType": "text/csv", "buffer": unmet.rpartition("\n")[0].encode()})
    expect(desk.page.get_by_role("row").filter(has_text="2026-06")).to_contain_text("2")
    assert desk.axe() == []
    desk.press("Send them")
    expect(desk.page.get_by_text("The hub has the counts.")).to_be_visible()
    sent = [json.loads(body) for _, url, body in desk.asked if url.endswith("/directory/unmet")]
    assert [row["count"] for row in sent[0]["rows"]] == [None, None]
