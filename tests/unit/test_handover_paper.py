"""The papers of a handover: what each says in each language, and what none of them ever does (F1, F2, F4, G4, G6)."""

from __future__ import annotations

import re
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from pypdfium2 import raw

from consent.familycopy import Reader
from consent.words import LANGUAGES
from hub.aftercare import observer
from hub.client.handover import CHECKLIST, WORDS, Side, change, draft, merge, new_form, tick
from hub.client.paper import handover as papers
from hub.client.paper.handover import Leg, Step
from hub.errors import InvalidRequest
from tests.conftest import NOW
from tests.support.handovers import PLAN, SAFETY_PLAN, SAID, both
from tests.support.papers import has, language_of, left_of, pages, text
from tests.support.web_modules import WebModules

CARE = Path(__file__).resolve().parents[1] / "support" / "web_care.mjs"
SCHEME = "urn:rcp:agency:"
NUMBER = "7QK2M-X9P4T"
SHELTER, KEBELE = f"{SCHEME}shelter@dj.example", f"{SCHEME}kebele@et.example"
LEG = Leg(
    "c4Ffc2m0QyKcLr0pQeF9ug",
    SHELTER,
    KEBELE,
    (Step("transfer.arrive", NOW, KEBELE, "Q" * 43), Step("referral.ask", NOW, KEBELE, "Z" * 43)),
)


def every(language, number=NUMBER, **more):
    document = merge(*both()).document
    return {
        "meeting": papers.meeting_form(language, number, document, LEG, **more),
        "willingness": papers.willingness_form(language, number, document, **more),
        "plan": papers.plan_copy(language, number, PLAN, "+251 11 155 00 00", **more),
        "receipt": papers.receipt_form(language, number, LEG, **more),
        "observer": papers.observer_form(language, number, "KRWT", **more),
    }


def title(language, form):
    return observer.form(language).title if form == "observer" else WORDS[language]["forms"][form]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("large", [False, True])
def test_each_paper_carries_its_number_its_title_and_its_language(language, large):
    for form, made in every(language, large=large).items():
        assert NUMBER in text(made), form
        assert has(made, title(language, form)) == [], form
        assert language_of(made) == language
        assert raw.FPDFCatalog_IsTagged(pdfium.PdfDocument(made))
        assert pdfium.PdfDocument(made).get_metadata_value("Title") == title(language, form)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_record_has_the_whole_checklist_and_room_for_everybody_to_sign(language):
    said = WORDS[language]
    mine = tick(draft(Side.SENDER), ["plan"], "amina", NOW)
    made = papers.meeting_form(language, NUMBER, tick(mine, ["medicines"], "amina", NOW, "None are needed."))
    for words in (*said["items"].values(), *(said["labels"][name] for name in ("sender", "receiver", "family"))):
        assert has(made, words) == [], words
    for name in ("witness", "thumb_here", "sign_here", "official"):
        assert has(made, said["labels"][name]) == []
    assert text(made).count("\u00d7") == 1  # the sender's tick at the plan, and nobody else's
    assert "Noneareneeded." in text(made)


def test_a_filled_record_says_what_was_said_and_ticks_what_both_ticked():
    shown = text(every("en")["meeting"])
    for words in ("Kebele01office", "SYNSara", "Birthrecord", "closedforthefeast", "SYNAbel", "shelter@dj.example"):
        assert words in shown, words
    assert shown.count("\u00d7") == 2 * len(CHECKLIST) + 3 + 3  # and the paper; child there, told, card given


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_family_reads_that_nobody_forces_them_and_signs_in_its_own_way(language):
    labels, made = WORDS[language]["labels"], every(language)["willingness"]
    assert has(made, " ".join(labels["family_says"])) == []
    for how in WORDS[language]["hows"].values():
        assert has(made, how) == []
    assert "SYNTsehay" in text(made)
    assert text(made).count("\u00d7") == 2  # read aloud, and the thumbprint


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_familys_plan_shows_no_trace_of_what_is_not_for_them(language):
    shown = text(papers.plan_copy(language, NUMBER, PLAN))
    for words in ("Backingradeseven", "SYNAbel", "SchoolofKebele01", "2026-12-01", "Thefamilyhasitsfield."):
        assert words in shown
    for words in ("uncle", "Counsellor", "2026-12-05", "Antiretroviral", "Nurse", "2026-12-09", "Dropped", "drinks"):
        assert words not in shown, words
    assert has(papers.plan_copy(language, NUMBER, PLAN), WORDS[language]["needs"]["psychosocial"]) != []


def test_the_childs_own_plan_has_what_is_not_for_the_family():
    shown = text(papers.plan_copy("en", NUMBER, PLAN, reader=Reader.CHILD))
    assert "Talkaboutwhattheuncledid" in shown


def test_what_a_family_is_not_told_stands_on_no_record_that_it_signs():
    document = change(
        tick(draft(Side.SENDER), ["medicines"], "amina", NOW, "Antiretroviral drugs come later."),
        {
            **SAID,
            "papers": [{**SAID["papers"][0], "title": "Report on trafficking"}],
            "official": {"reason": "Not asked because of the abuse.", "not_for_family": True},
            "next_contact": {**SAID["next_contact"], "not_for": ["family"]},
        },
    )
    shown = text(papers.meeting_form("en", NUMBER, document, LEG))
    for words in ("Antiretroviral", "trafficking", "abuse", "SYNAbel"):
        assert words not in shown, words
    assert "SYNSara" in shown


def test_a_receipt_names_both_sides_and_proves_each_step_of_the_leg():
    shown = text(papers.receipt_form("en", NUMBER, LEG))
    for words in (LEG.handoff, "shelter@dj.example", "kebele@et.example", "Arrived,seeninperson", "Q" * 16):
        assert words in shown
    assert "Z" * 16 not in shown  # a step that is none of a transfer


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_observers_sheet_says_nothing_of_why(language):
    made, form = papers.observer_form(language, NUMBER, "KRWT"), observer.form(language)
    assert has(made, " ".join((form.how, *form.answers, form.foot))) == []
    assert "KRWT" in text(made)
    for words in ("agency", "child", "@", "enfant", "organi", "\u0637\u0641\u0644", "\u0644\u0641\u0637"):
        assert words not in text(made).lower()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_card_has_two_people_who_answer_and_no_word_of_an_agency_or_a_child(language):
    made = papers.safety_card(language, SAFETY_PLAN)
    (page,) = pages(made)
    shown = text(made)
    assert [round(float(side) * 25.4 / 72) for side in page.get_size()] == [85, 54]
    for words in ("Sara", "+251111550000", "AtoKebede", "+251144401111"):
        assert words in shown
    for words in ("Uncle", "RedCross", "teacher", "clinic", "\u0637\u0641\u0644"):
        assert words not in shown
    assert has(made, WORDS[language]["labels"]["needs_help"]) == []


@pytest.mark.parametrize("change_of", [{"reachable": False}, {"phone": "ask at the shop"}, {"phone": "+251111550000"}])
def test_a_card_needs_a_second_contact_who_answers(change_of):
    sara, kebede, uncle = SAFETY_PLAN["contacts"]
    with pytest.raises(InvalidRequest) as refused:
        papers.safety_card("en", {"contacts": [sara, {**kebede, **change_of}, uncle]})
    assert refused.value.facts["rule"] == "R31"


def test_what_a_card_shows_has_two_numbers_though_many_share_one():
    sara, kebede, _ = SAFETY_PLAN["contacts"]
    plan = {"contacts": [*({**sara, "name": name} for name in ("Sara", "Lemlem", "Mulu")), kebede]}
    shown = text(papers.safety_card("en", plan))
    assert [name in shown for name in ("Sara", "AtoKebede", "Lemlem", "Mulu")] == [True, True, True, False]
    with WebModules(CARE) as web:
        ((card,),) = [web.ask("card", rows=[{"plan": plan, "hidden": []}])["ok"]]
    assert [one["name"] for one in card["contacts"]] == ["Sara", kebede["name"], "Lemlem"]


def test_a_name_that_would_run_off_the_card_is_asked_for_anew_and_never_cut():
    sara, kebede, _ = SAFETY_PLAN["contacts"]
    with pytest.raises(InvalidRequest):
        papers.safety_card("en", {"contacts": [sara, {**kebede, "name": "Kebede of the Bureau of Women and Children"}]})
    full = [{**sara, "name": "W" * 24, "phone": f"+251 11 155 00 0{n}"} for n in range(5)]
    assert len(pages(papers.safety_card("ar", {"contacts": full}))) == 1


def test_a_card_shows_no_agency_and_no_service_in_the_name_of_a_contact():
    sara, kebede, _ = SAFETY_PLAN["contacts"]
    told = {"contacts": [sara, {**kebede, "name": "Kebede, Red Cross"}]}
    with pytest.raises(InvalidRequest) as refused:
        papers.safety_card("en", told, ["Red Cross shelter"])
    assert "Cross" not in refused.value.detail + refused.value.todo
    papers.safety_card("en", told, ["School of Kebele 01"])


def test_a_browser_makes_the_same_card_or_says_why_it_makes_none():
    sara, kebede, uncle = SAFETY_PLAN["contacts"]
    redcross = {**kebede, "name": "Kebede, R\u00e9d Cross"}
    asked = [
        {"plan": SAFETY_PLAN, "hidden": ["clinic"]},
        {"plan": {"contacts": [sara, {**kebede, "phone": sara["phone"]}, uncle]}, "hidden": []},
        {"plan": {"contacts": [sara, {**kebede, "phone": "ask at the shop"}]}, "hidden": []},
        {"plan": {"contacts": [sara, {**kebede, "name": "W" * 25}]}, "hidden": []},
        {"plan": {"contacts": [sara, redcross]}, "hidden": ["red cross shelter"]},
        {"plan": {"contacts": [sara, redcross]}, "hidden": ["School of Kebele 01"]},
    ]
    with WebModules(CARE) as web:
        found = web.ask("card", rows=asked)["ok"]
    names = [[one["name"] for one in row["contacts"]] if "contacts" in row else row["wrong"] for row in found]
    whole = [sara["name"], kebede["name"]]
    assert names == [whole, "numbers", "numbers", "names", "names", [sara["name"], redcross["name"]]]
    for row, answer in zip(asked, found, strict=True):
        if "wrong" in answer:
            with pytest.raises(InvalidRequest):
                papers.safety_card("en", row["plan"], row["hidden"])
        else:
            papers.safety_card("en", row["plan"], row["hidden"])


@pytest.mark.parametrize("mark", ["Hagos", "KRW", "KRWT 2", "#read(x)"])
def test_an_observers_sheet_takes_four_letters_for_the_child_and_no_name(mark):
    with pytest.raises(InvalidRequest):
        papers.observer_form("en", NUMBER, mark)


def test_arabic_papers_run_from_the_right_and_numbers_and_dates_keep_their_order():
    first = {"meeting": "\u0631\u0627\u0641\u0642", "observer": title("ar", "observer").split()[-1]}
    for form, made in every("ar").items():
        assert left_of(made, first.get(form) or title("ar", form).split()[0]) > 400, form  # an A4 page is 595 wide
    shown = text(every("ar")["plan"])
    for words in (NUMBER, "2026-12-01", "+251111550000", "SchoolofKebele01"):
        assert words in shown
    head = [left_of(every("ar")["meeting"], WORDS["ar"]["labels"][name]) for name in ("original", "copy")]
    assert head == sorted(head, reverse=True)


def test_two_prints_are_the_same_bytes_but_for_their_number():
    assert every("fr") == every("fr")
    assert b"CreationDate" not in every("fr")["meeting"]
    assert new_form() != new_form()


@pytest.mark.parametrize("hostile", ['#read("/etc/passwd")', "*bold* $x$ @here <label>", '")#panic()'])
def test_words_of_a_record_are_never_taken_for_markup(hostile):
    document = change(draft(Side.SENDER), {"where": hostile})
    assert re.sub(r"\s", "", hostile) in text(papers.meeting_form("en", NUMBER, document))


def test_there_is_no_paper_in_a_language_that_nobody_wrote_words_for():
    with pytest.raises(InvalidRequest):
        papers.observer_form("../en", NUMBER)
