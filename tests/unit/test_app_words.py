"""The app's words: whole in each of its four languages, and none missing that a screen says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from hub.directory.areas import problems

APP = Path(__file__).resolve().parents[2] / "web" / "src" / "app"
LANGUAGES = ("en", "fr", "es", "ar")
PLURALS = {"zero", "one", "two", "few", "many", "other"}
ROOMS = {"app": APP / "words"} | {path.parent.name: path for path in sorted(APP.glob("screens/*/words"))}
SAID = re.compile(r"""\bsay(\.many)?\(\s*["']([a-z0-9_]+)\.([a-z0-9_.]+)["']""")
SET = re.compile(r'const label = "([^"]+)"')
UNSEEN = {"packet_invalid", "upload_missing", "wrong_code", "no_verified_number"}
"""Codes that the app mends by itself, that only stand for others, or that the page of a link meets alone."""
PLACE = re.compile(r"\{(\w+)\}")


def words(room, language):
    return json.loads((ROOMS[room] / f"{language}.json").read_text(encoding="utf-8"))


def plain(keys):
    """Keys without the forms that a language has for numbers: those differ from language to language."""
    return {key.rpartition(".")[0] if key.rpartition(".")[2] in PLURALS else key for key in keys}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_the_same_things_in_every_language(room):
    english = words(room, "en")
    for language in LANGUAGES[1:]:
        other = words(room, language)
        assert plain(other) == plain(english), language
        for key in english.keys() & other.keys():
            places = set(PLACE.findall(other[key])) ^ set(PLACE.findall(english[key]))
            assert places <= ({"count"} if key.endswith((".one", ".two")) else set()), (language, key)


@pytest.mark.parametrize("room", ROOMS)
def test_nothing_is_left_in_another_language(room):
    english = words(room, "en")
    for language in LANGUAGES[1:]:
        same = {
            key for key, text in words(room, language).items() if text == english.get(key) and len(text.split()) > 3
        }
        assert not same, (language, same)


def test_every_form_of_a_number_that_a_language_has_is_there():
    forms = {
        "en": {"one", "other"},
        "fr": {"one", "other"},
        "es": {"one", "other"},
        "ar": {"one", "two", "few", "other"},
    }
    for room in ROOMS:
        english = words(room, "en")
        counted = {key[: -len(".one")] for key in english if key.endswith(".one")}
        for language in LANGUAGES:
            here = words(room, language)
            for key in counted:
                assert {form for form in forms[language] if f"{key}.{form}" in here} == forms[language], (room, key)


def test_whatever_a_screen_says_has_words():
    missing = []
    for path in APP.rglob("*.ts*"):
        for many, room, key in SAID.findall(path.read_text(encoding="utf-8")):
            here = plain(words(room, "en")) if many and room in ROOMS else words(room, "en") if room in ROOMS else {}
            if key not in here:
                missing.append(f"{path.relative_to(APP)}: {room}.{key}")
    assert missing == []


def test_why_a_row_of_areas_was_not_taken_has_words():
    said = {key for key in words("areas", "en") if key.startswith("because_")}
    assert said == {f"because_{code}" for code in problems.SENTENCES}


def test_every_screen_of_the_menu_has_a_name():
    screens = (APP / "core" / "screens.ts").read_text(encoding="utf-8")
    listed = re.findall(r'path: "(\w+)",\s*nav: true', screens)
    assert listed
    for language in LANGUAGES:
        assert {f"nav_{path}" for path in listed} <= words("app", language).keys()


def test_a_date_that_the_program_sets_has_words():
    client = APP.parent / "client"
    labels = {label for path in client.glob("*.ts") for label in SET.findall(path.read_text(encoding="utf-8"))}
    assert labels
    assert {f"label.{label.rstrip('.')}" for label in labels} <= words("timers", "en").keys()


def test_every_error_that_somebody_meets_says_what_to_do_next():
    documented = (APP.parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")
    codes = {code for code in re.findall(r"^## (\S+)$", documented, re.MULTILINE) if not code.startswith("link_")}
    said = words("app", "en")
    assert len(codes) > 20
    assert {f"{part}.{code}" for code in codes - UNSEEN for part in ("error", "todo")} <= said.keys()
