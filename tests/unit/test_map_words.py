"""Words of every script in the one form in which they are found, and the needs that they mean."""
# ruff: noqa: RUF001 - letters of all scripts are what this is about

from __future__ import annotations

import json
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.directory.records.vocabulary import NEEDS
from hub.directory.text.needs import meant, needs_of
from hub.directory.text.normalise import near, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("مُسْتَشْفَى", "مستشفي"),
        ("الأُرْدُنّ", "اردن"),
        ("إدارة", "ادارة"),
        ("آمنة", "امنه"),
        ("المدرسة", "مدرسه"),
        ("والصحة", "صحة"),
        ("مـــدرسة", "مدرسة"),
        ("٢٤", "24"),
        ("۲۴", "24"),
        ("کودک", "كودك"),
        ("Clínica", "clinica"),
        ("ÉCOLE", "école"),
        ("Straße", "STRASSE"),
        ("İstanbul", "istanbul"),
        ("Diyarbakır", "diyarbakir"),
        ("Łódź", "lodz"),
        ("Œuvre", "oeuvre"),
        ("Ελλάδα", "ελλαδα"),
        ("Йод", "иод"),
        ("שָׁלוֹם", "שלום"),
        ("ＵＮＩＣＥＦ", "unicef"),
        ("U.N.H.C.R.", "UNHCR"),
        ("Children’s", "children's"),
        ("ሠላም", "ሰላም"),
        ("می‌خواهم", "میخواهم"),
    ],
)
def test_spellings_of_one_word_are_one(one, other):
    assert words(one) == words(other) != []


def test_elisions_are_left_off_and_owners_too():
    assert words("l'enfance d’été children's qu'est") == ["enfance", "ete", "children", "est"]


def test_vowel_signs_of_indic_scripts_are_letters():
    assert words("ज़िला जल") == ["ज़िला", "जल"]
    assert words("कि") != words("क")


def test_scripts_without_spaces_are_found_by_pairs():
    assert words("儿童保护") == ["儿童", "童保", "保护"]
    assert set(words("保护")) <= set(words("儿童保护中心"))
    assert words("UNICEF中国") == ["unicef", "中国"]
    assert set(words("เด็ก")) <= set(words("โรงพยาบาลเด็ก"))
    assert words("水") == ["水"]


@given(st.text(max_size=60))
def test_any_text_has_words_without_spaces_capitals_or_colons(text):
    for word in words(text):
        assert word
        assert word == word.casefold()
        assert not set(word) & set(" :/|'")


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=40))
def test_case_never_matters(text):
    assert words(text.upper()) == words(text.lower())


def test_typing_errors_are_one_letter_in_short_words_and_two_in_long_ones():
    assert [word for word, _ in near("hopsital", ["hospital", "hospice"])] == ["hospital"]
    assert [word for word, _ in near("chool", ["school", "cool"])] == ["cool", "school"]
    assert near("zoo", ["zoos", "zoo"]) == []
    assert near("clinic", ["clnniks"]) == []
    assert near("psycholgst", ["psychologist"])[0][0] == "psychologist"


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("mental health", {"mhpss_specialised"}),
        ("health", {"health"}),
        ("school records in Zarqa", {"school_records"}),
        ("école pour filles", {"education"}),
        ("psicologo", {"mhpss_specialised"}),
        ("الصحة النفسية", {"mhpss_specialised"}),
        ("مدرسه", {"education"}),
        ("acte de naissance", {"civil_registration"}),
        ("wheelchiar", {"disability"}),
        ("food and clothes", {"food", "basic_needs"}),
        ("UNICEF Irbid", set()),
        ("", set()),
    ],
)
def test_what_people_type_leads_to_the_need_they_mean(text, needs):
    assert set(needs_of(text)) == needs


def test_every_need_is_named_in_every_language_of_the_list():
    said = json.loads(resources.files("hub.directory.records").joinpath("synonyms.json").read_text("utf-8"))
    assert set(said["needs"]) == set(NEEDS)
    for need, languages in said["needs"].items():
        assert set(languages) == {"en", "fr", "es", "ar"}
        for language, phrases in languages.items():
            for phrase in phrases:
                assert need in needs_of(phrase), (language, phrase)


def test_fillers_ask_nothing_unless_they_are_all_that_was_typed():
    assert [one.typed for one in meant("the clinic of Irbid")] == [("clinic",), ("irbid",)]
    assert [one.typed for one in meant("the")] == [("the",)]
