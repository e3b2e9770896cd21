"""Words in four languages: none lacks a text, a name or a place to fill in, and a notice's hash is that of its text."""

import json
import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from importlib import resources

import pytest

from consent import policy
from consent.words import (
    LANGUAGES,
    NOTICES,
    TOPICS,
    WHO_TO_ASK,
    WordsError,
    notice,
    placeholders,
    words,
)
from hub.packets.encoding import canonical

RULES = [f"R{number:02}" for number in (*range(1, 21), 39, 46)]
NOTICE_HASHES = {
    "notice-referral en": ("1", "TKC9MCkpcygBK46OkRJBP2pxflBkD2wXmjKvDUoPAJQ"),
    "notice-referral fr": ("1", "bNvlClELMP_hVubBO3Jp6nQbxya4nj2ZrQFaImpeaj8"),
    "notice-referral es": ("1", "K5an99JUThARhxpix0WbLu8vhBbjBY6jHOp8AynBjpI"),
    "notice-referral ar": ("1", "MIdAbWQqvkgGK1Yvvdqi8xSrS9OiQ0fGxnmyuObMJTQ"),
    "notice-referral-child en": ("1", "eqJRwXYI558UoNQDMu1wsfdW7tOBiekrewkAZRB_0r4"),
    "notice-referral-child fr": ("1", "geujpma18DOeN1d3iHW763wKHo5VaG6E46niRMO36jM"),
    "notice-referral-child es": ("1", "XRu8z39IOqXXeJTNr7RztG5m24c45PmLBiPDhEji7MY"),
    "notice-referral-child ar": ("1", "PjSmFQonIMQ3RTlH-9_0kUxOT4KxW9lJbhNY9sDGmCQ"),
    "notice-transfer en": ("1", "WHN76tC36M2x-FpKmlEZQyjipfQXfXQx4InqaoyY9WM"),
    "notice-transfer fr": ("1", "fmhTO7mBPJm_Iy8agCizducYG3oVqpeeepOjJu1fb_k"),
    "notice-transfer es": ("1", "vLY4EgVlSxesStzZEOIXgHYdd-DULb6dPh_wNRoSpSU"),
    "notice-transfer ar": ("1", "dNhM9nBEu6-njwUPR-7tT5pVrtReHKLEXwmkBqvXcBk"),
    "notice-transfer-child en": ("1", "Nn0CuTPbh1XXHz0ksg4ebdSmjhOqDT3-4sUYo3bf1fs"),
    "notice-transfer-child fr": ("1", "75g0-4jd561E2zeNh5GrxVL0tt11TxDjpgGe6jN_ilc"),
    "notice-transfer-child es": ("1", "mFSa2GCTh6WlqpZ4hWefAf7RdB5tihIG7us97quvCxM"),
    "notice-transfer-child ar": ("1", "dGAHdZZghrrkGLpWx5SSjBgUkGbqaQ7tx3-cwEDmvFI"),
}
ARABIC = re.compile(r"[\u0600-\u06ff]")


def raw(language):
    return json.loads(resources.files("consent").joinpath("words", f"{language}.json").read_text(encoding="utf-8"))


def texts(value, path=()):
    if isinstance(value, dict):
        for name, item in value.items():
            yield from texts(item, (*path, name))
    else:
        yield path, value


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text_of_the_others(language):
    assert {path for path, _ in texts(raw(language))} == {path for path, _ in texts(raw("en"))}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_or_badly_spaced(language):
    bad = [path for path, text in texts(raw(language)) if text != text.strip() or not text or "  " in text]
    assert bad == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_messages_leave_the_same_places_to_fill_in(language):
    mine, english = words(language).messages, words("en").messages
    assert {rule: placeholders(text) for rule, text in mine.items()} == {
        rule: placeholders(text) for rule, text in english.items()
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_but_messages_leaves_places_to_fill_in(language):
    assert [path for path, text in texts(raw(language)) if path[0] != "messages" and set("{}") & set(text)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_rule_has_a_sentence_that_can_be_said_without_any_fact(language):
    said = words(language)
    assert sorted(said.messages) == sorted(RULES)
    for rule in RULES:
        assert set("{}").isdisjoint(said.message(rule))


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_the_policy_names_has_a_name(language):
    said = words(language)
    assert set(said.categories) >= policy.CATEGORIES
    assert set(said.purposes) >= policy.PURPOSES
    assert set(said.services) >= policy.SERVICES
    assert set(said.givers) >= policy.GIVERS


def test_names_of_the_policy_are_said_in_the_language_and_strange_words_are_never_repeated():
    facts = {"section": "health", "agency": "addis@hub.example", "purpose": "medical_care", "giver": "guardian"}
    assert words("fr").message("R01", **facts) == (
        "Le consentement ne permet pas d\u2019envoyer «\u00a0santé\u00a0» à addis@hub.example pour «\u00a0les soins "
        "médicaux\u00a0». Demandez d\u2019abord\u00a0: le tuteur nommé."
    )
    assert "<script>" not in words("en").message("R01", section="<script>", purpose="<script>", giver="<script>")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NOTICES)
def test_a_notice_tells_every_topic_in_order_and_whom_to_ask(name, language):
    told = notice(name, language)
    assert [p.topic for p in told.paragraphs] == [*TOPICS, WHO_TO_ASK]
    assert (told.id, told.language) == (name, language)


def test_what_must_be_explained_is_what_the_informing_record_lists():
    assert set(TOPICS) <= set(words("en").topics)
    assert len(TOPICS) == len(set(TOPICS))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_notice_s_hash_is_that_of_its_canonical_json(language):
    told = notice("notice-transfer", language)
    value = {
        "id": told.id,
        "version": told.version,
        "language": language,
        "title": told.title,
        "paragraphs": [{"topic": p.topic, "heading": p.heading, "text": p.text} for p in told.paragraphs],
    }
    assert told.sha256 == urlsafe_b64encode(sha256(canonical(value)).digest()).rstrip(b"=").decode()


def test_no_notice_changes_without_a_new_version():
    """Somebody agreed after having read just this. A changed text gets a new version, and then its line here."""
    now = {
        f"{name} {language}": (notice(name, language).version, notice(name, language).sha256)
        for name in NOTICES
        for language in LANGUAGES
    }
    assert now == NOTICE_HASHES


@pytest.mark.parametrize("name", NOTICES)
def test_all_notices_differ(name):
    assert len({notice(other, language).sha256 for other in NOTICES for language in LANGUAGES}) == 16


@pytest.mark.parametrize("name", [n for n in NOTICES if n.endswith("-child")])
def test_the_child_s_notice_is_shorter_and_in_short_sentences(name):
    for language in LANGUAGES:
        mine = " ".join(p.text for p in notice(name, language).paragraphs)
        theirs = " ".join(p.text for p in notice(name.removesuffix("-child"), language).paragraphs)
        assert len(mine) < 0.85 * len(theirs)
        sentences = [s for s in re.split(r"(?<=[.?!؟])\s+", mine) if s]
        assert max(len(s.split()) for s in sentences) <= 34, language
        assert sum(len(s.split()) for s in sentences) / len(sentences) <= 14, language


def test_each_language_keeps_its_own_typography():
    for path, text in texts(raw("fr")):
        assert not re.search(r"[^\s\u00a0][;?!»]|«[^\u00a0]", text), path
        assert not re.search(r" [:;?!»]|« |'|\"", text), path
    for path, text in texts(raw("es")):
        assert text.count("¿") == text.count("?"), path
        assert text.count("¡") == text.count("!"), path
    for language in ("en", "es", "fr"):
        assert [path for path, text in texts(raw(language)) if "'" in text or ARABIC.search(text)] == []


def test_the_arabic_words_are_arabic():
    neutral = {("language",), ("direction",), ("notices", "version")}
    latin = [path for path, text in texts(raw("ar")) if path not in neutral and not ARABIC.search(text)]
    assert latin == []
    strange = {
        path: text
        for path, text in texts(raw("ar"))
        if path not in neutral and re.search(r"[A-Za-z?,;]", re.sub(r"\{\w+\}", "", text))
    }
    assert strange == {}
    assert words("ar").direction == "rtl"


@pytest.mark.parametrize(
    "call",
    [
        lambda: words("xx"),
        lambda: words("../en"),
        lambda: notice("notice-referral", "de"),
        lambda: notice("common", "en"),
        lambda: words("en").message("R99"),
    ],
)
def test_there_are_no_words_of_anything_else(call):
    with pytest.raises(WordsError):
        call()
