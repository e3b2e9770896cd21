"""Paper: what stands on the form, the receipt and the card, in each language, and what never does."""

import re

import pypdfium2 as pdfium
import pytest
from pypdfium2 import raw

from consent.words import LANGUAGES, notice, words
from hub.client.paper.forms import Desk, code_card, consent_form, receipt
from hub.errors import InvalidRequest
from tests.support.papers import has, language_of, left_of, pages, text

SCHEME = "urn:rcp:agency:"
DESK = Desk("Red Crescent shelter", "shelter@dj.example", "+253 21 35 00 00", "Safeguarding desk")
TOKEN = "BEH-22M-B1C-VZR-EK5-GFS-84S"


def a_record(**changes):
    return {
        "record": "c4Ffc2m0QyKcLr0pQeF9ug",
        "subject": {"pseudonym": "c-7f3a91", "age_band": "12-14"},
        "giver": {
            "capacity": "guardian",
            "relationship": "aunt",
            "order": {"body": "Tribunal", "reference": "2026/114", "from": "2026-01-01", "until": "2027-01-01"},
        },
        "assent": {"answer": "agreed", "because": None, "how": "spoken", "words": "Tell my aunt.", "at": "2026-11-20"},
        "informing": {
            "language": "ti",
            "interpreter": {"used": True, "kind": "in_person", "ref": "int-4", "confidentiality_signed": True},
            "format": ["read_aloud"],
            "understanding": "teach_back",
            "time_to_think": True,
        },
        "expression": {"method": "thumbprint", "on": "2026-11-21", "place": "DJ", "witness": {"ref": "wit-2"}},
        "grants": [
            {
                "categories": ["identity", "health"],
                "recipient": f"{SCHEME}addis@et.example",
                "purpose": "reception",
                "country": "ET",
                "until": "2027-02-28",
                "onward": [f"{SCHEME}clinic@et.example"],
            }
        ],
        "denials": [{"categories": ["exploitation"], "recipient": None, "party": "the stepfather", "purpose": None}],
        "refused": [{"categories": ["mhpss"], "recipient": f"{SCHEME}school@et.example", "purpose": "education"}],
        "safety": {"allowed": ["in_person"], "prohibited": ["sms"]},
        "reconfirm_by": "2027-02-14",
        "receipt": {"given_as": "paper", "because": None},
        **changes,
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("purpose", ["referral", "transfer"])
def test_the_form_carries_both_notices_word_for_word(language, purpose):
    made = consent_form(language, purpose, DESK)
    for name in (f"notice-{purpose}", f"notice-{purpose}-child"):
        told = notice(name, language)
        assert has(made, " ".join([told.title, *(f"{p.heading} {p.text}" for p in told.paragraphs)])) == []
    assert notice(f"notice-{purpose}", language).sha256 in text(made)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("large", [False, True])
def test_an_empty_form_has_room_for_all_that_is_asked(language, large):
    made, label = consent_form(language, "referral", Desk(), large=large), words(language).labels
    for name in ("child_code", "own_words", "sign_here", "thumb_here", "witness", "interpreter", "time_to_think"):
        assert has(made, label[name]) == [], name
    for choice in ("teach_back", "agreed", "refused", "not_given", "code_only"):
        assert has(made, words(language).choices[choice]) == [], choice
    assert "\u00d7" not in text(made)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_form_for_a_record_shows_what_is_asked_of_whom(language):
    made, said = consent_form(language, "transfer", DESK, a_record()), words(language)
    shown = text(made)
    for value in ("c-7f3a91", "addis@et.example", "clinic@et.", "2027-02-28", "2026/114", "int-4", "wit-2"):
        assert value in shown
    assert "Tellmyaunt." in shown
    assert has(made, said.categories["health"]) == []
    assert has(made, said.country("ET")) == []
    assert shown.count("\u00d7") == 12  # what the record has answered, and nothing else


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_receipt_says_what_was_agreed_until_when_and_how_to_stop_it(language):
    made, said = receipt(language, DESK, a_record(), TOKEN), words(language)
    shown = text(made)
    for value in (TOKEN, "+25321350000", "shelter@dj.example", "addis@et.example", "2027-02-28", "2026-11-21"):
        assert value in shown, value
    assert has(made, said.labels["change_mind"]) == []
    assert has(made, said.purposes["reception"]) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_receipt_that_is_carried_home_names_nobody_who_is_feared(language):
    shown = text(receipt(language, DESK, a_record(), TOKEN))
    assert "stepfather" not in shown
    assert words(language).categories["exploitation"].replace(" ", "") not in shown
    assert "school@et.example" in shown


def test_no_paper_carries_the_pseudonym_of_the_child_but_the_form():
    assert "c-7f3a91" not in text(receipt("en", DESK, a_record(), TOKEN))


def test_a_card_has_a_code_in_groups_and_a_number_and_no_word_anywhere():
    made = code_card(a_record(), TOKEN, DESK.phone)
    (page,) = pages(made)
    assert re.findall(r"\S+", page.get_textpage().get_text_range()) == [*TOKEN.split("-"), *DESK.phone.split()]
    assert [round(float(side) * 25.4 / 72) for side in page.get_size()] == [85, 54]
    facts = {name: value for name, value in pdfium.PdfDocument(made).get_metadata_dict().items() if value}
    assert facts.pop("Creator").startswith("Typst")
    assert facts == {"Title": TOKEN}
    assert language_of(made) == "zxx"
    for word in (b"consent", b"child", b"Red Crescent", b"shelter", b"receipt", b"addis"):
        assert word.lower() not in made.lower()


@pytest.mark.parametrize("phone", ["", "call Amina", "+253 21 35 00 00 (Red Crescent)", "1"])
def test_a_card_takes_a_number_and_no_words(phone):
    with pytest.raises(InvalidRequest):
        code_card(a_record(), TOKEN, phone)


def test_who_refused_a_receipt_gets_none():
    refused = a_record(receipt={"given_as": "not_given", "because": "a husband at home"})
    for made in (lambda: receipt("en", DESK, refused, TOKEN), lambda: code_card(refused, TOKEN, DESK.phone)):
        with pytest.raises(InvalidRequest, match="no receipt"):
            made()
    assert "ahusbandathome" in text(consent_form("en", "referral", DESK, refused))


@pytest.mark.parametrize("token", ["", "consent", "7QK-2MX", TOKEN[:-1] + ("A" if TOKEN[-1] != "A" else "B")])
def test_no_receipt_is_printed_with_a_code_that_nobody_could_use(token):
    with pytest.raises(InvalidRequest):
        receipt("en", DESK, a_record(), token)


@pytest.mark.parametrize("language", LANGUAGES)
def test_papers_are_tagged_and_say_their_title_and_language(language):
    for made, title in (
        (consent_form(language, "referral", DESK, a_record()), "form"),
        (receipt(language, DESK, a_record(), TOKEN), "receipt"),
    ):
        assert raw.FPDFCatalog_IsTagged(pdfium.PdfDocument(made))
        assert language_of(made) == language
        assert pdfium.PdfDocument(made).get_metadata_value("Title") == words(language).labels[title]
        assert b"<pdfuaid:part>1" in made


def test_two_prints_of_a_form_are_the_same_bytes_and_carry_no_time():
    first, second = (consent_form("ar", "referral", DESK, a_record()) for _ in range(2))
    assert first == second
    assert b"CreationDate" not in first
    assert b"CreateDate" not in first


def test_arabic_runs_from_the_right_and_dates_and_addresses_keep_their_order():
    made, said = receipt("ar", DESK, a_record(), TOKEN), words("ar")
    row = [left_of(made, said.labels[name]) for name in ("to_whom", "country")]
    assert row == sorted(row, reverse=True)
    assert left_of(made, said.labels["receipt"]) > 400  # an A4 page is 595 wide
    for value in ("2027-02-28", "+25321350000", TOKEN, "shelter@dj.example"):
        assert value in text(made)


def test_words_of_the_other_direction_keep_their_own():
    latin = a_record(assent={"answer": "agreed", "words": "Tell my aunt, please!", "how": "spoken"})
    arabic = a_record(assent={"answer": "agreed", "words": "\u0646\u0639\u0645!", "how": "spoken"})
    assert "Tellmyaunt,please!" in text(consent_form("ar", "referral", DESK, latin))
    assert "!\u0645\u0639\u0646" in text(consent_form("fr", "referral", DESK, arabic))


def test_large_print_takes_more_pages_and_has_the_same_words():
    small, large = (consent_form("en", "referral", DESK, a_record(), large=big) for big in (False, True))
    assert len(pages(large)) > len(pages(small))
    assert has(large, " ".join(p.text for p in notice("notice-referral", "en").paragraphs)) == []


@pytest.mark.parametrize(
    "hostile",
    ['#read("/etc/passwd")', "*bold* $x$ @here <label>", '")#panic()', "= Heading\n#set text(0pt)", "\\u{41}"],
)
def test_words_of_a_record_are_never_taken_for_markup(hostile):
    record = a_record(assent={"answer": "agreed", "words": hostile, "how": "spoken"})
    assert re.sub(r"\s", "", hostile) in text(consent_form("en", "referral", Desk(agency=hostile), record))


def test_a_text_that_cannot_be_printed_is_refused_and_leaves_no_hole():
    with pytest.raises(InvalidRequest) as caught:
        consent_form("en", "referral", Desk(), a_record(assent={"words": "\U00012000", "answer": "agreed"}))
    assert "\U00012000" not in caught.value.detail + caught.value.todo


def test_there_is_no_form_for_anything_but_a_referral_and_a_transfer():
    with pytest.raises(InvalidRequest):
        consent_form("en", "publicity", DESK)


def test_there_is_no_paper_in_a_language_that_nobody_wrote_words_for():
    for made in (lambda: consent_form("de", "referral", DESK), lambda: receipt("../en", DESK, a_record(), TOKEN)):
        with pytest.raises(InvalidRequest):
            made()


def test_a_receipt_promises_no_later_question_than_the_first_end():
    order = {"body": "Court", "reference": "SYN-7", "from": "2026-10-01", "until": "2027-01-09", "scope": None}
    late = a_record(reconfirm_by="2027-11-23")
    assert "2027-11-23" not in text(receipt("en", DESK, late, TOKEN))
    assert "2027-01-09" in text(receipt("en", DESK, {**late, "giver": {"capacity": "guardian", "order": order}}, TOKEN))
