"""Caseless search of the service map: what is found, why, what is counted, and what nobody learns by asking."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.directory.servicemap.viewer import EVERYBODY, Viewer
from hub.directory.text.search import Question, search
from tests.support import maps

SOMEBODY = Viewer("urn:rcp:agency:other@hub.example", frozenset({"caseworker"}))
KEEPER = Viewer(maps.KEEPER, frozenset({"coordinator"}))
NOON = int(datetime(2026, 3, 2, 9, tzinfo=UTC).timestamp())  # a Monday, 12:00 in Nairobi


@pytest.fixture
def land(database):
    with database.write() as connection:
        maps.populated(connection)
    return database


def add(database, *documents):
    with database.write() as connection:
        maps.put(connection, *documents)


def ask(database, text="", viewer=SOMEBODY, now=NOON, **more):
    with database.read() as connection:
        return search(connection, Question(text, **more), viewer, now)


def names(answer):
    return [found.listing["name"] for found in answer.found]


@pytest.mark.parametrize(
    ("text", "found", "how"),
    [
        ("lessons", ["Lessons"], "word"),
        ("less", ["Lessons"], "start"),
        ("lesons", ["Lessons"], "typo"),
        ("Escuela", ["Lessons"], "need"),
        ("طبيب", ["Child health"], "need"),
        ("north hill", ["Child health"], "area"),
        ("child", ["Child health"], "word"),
    ],
)
def test_a_service_is_found_by_words_needs_and_areas_and_says_why(land, text, found, how):
    answer = ask(land, text)
    assert (names(answer), answer.total, answer.every_word) == (found, 1, True)
    assert answer.found[0].why[0]["how"] == how


def test_each_word_must_be_met_and_otherwise_what_meets_most_is_shown(land):
    assert names(ask(land, "doctor north hill")) == ["Child health"]
    both = ask(land, "zebra lessons")
    assert (names(both), both.every_word) == (["Lessons"], False)
    assert names(ask(land, "zebra")) == []


def test_only_the_last_word_may_be_unfinished(land):
    assert names(ask(land, "shore less")) == ["Lessons"]
    assert ask(land, "less shore").every_word is False


def test_arabic_is_found_with_and_without_marks(land):
    clinic = maps.service("عِيَادَةُ الأَطْفَال", needs=["parenting"])
    add(land, clinic)
    for text in ("عيادة الأطفال", "عياده اطفال", "العيادة"):
        assert clinic["name"] in names(ask(land, text))


def test_translations_are_searched_too(land):
    said = {"fr": {"name": {"text": "Éveil du matin", "state": "human"}}}
    add(land, maps.service("Morning", translations=said))
    answer = ask(land, "eveil")
    assert names(answer) == ["Morning"]
    assert answer.found[0].why[0]["field"] == "translations.fr.name"


def test_an_empty_question_lists_everything_and_filters_narrow_it(land):
    assert ask(land).total == 2
    assert names(ask(land, needs=["education"])) == ["Lessons"]
    assert names(ask(land, areas=["XA11"])) == ["Child health"]
    assert ask(land, areas=["XA1"]).total == 2
    assert names(ask(land, kinds=["school"])) == ["Lessons"]
    assert ask(land, areas=["XA2"]).total == 0


def test_counts_are_of_what_was_found(land):
    assert ask(land).facets["needs"] == {"education": 1, "health": 1}
    assert ask(land).facets["areas"] == {"XA": 2, "XA1": 2, "XA11": 1, "XA12": 1}
    assert ask(land, "lessons").facets["kind"] == {"school": 1}
    assert ask(land).facets["capacity"] == {"unknown": 2}


def test_what_is_past_its_limit_is_found_only_by_asking_for_it(land):
    add(land, maps.service("Old tales", verified=maps.checked("offer", on="2025-03-02")))
    assert names(ask(land, "tales")) == []
    (found,) = ask(land, "tales", include_stale=True).found
    assert found.stale is True


def test_closed_ones_are_left_out_now_and_unknown_ones_come_last(land):
    def week(opens, closes):
        row = {"days": ["MO"], "opens": opens, "closes": closes}
        return {"zone": "Africa/Nairobi", "week": [row]}

    add(land, maps.service("Play by day", hours=week("09:00", "17:00")))
    add(land, maps.service("Play by night", hours=week("20:00", "02:00")), maps.service("Play some time"))
    answer = ask(land, "play", open_now=True)
    assert [(found.listing["name"], found.open) for found in answer.found] == [
        ("Play by day", True),
        ("Play some time", None),
    ]
    assert answer.total == 2
    assert sum(answer.facets["needs"].values()) == 2
    assert ask(land, "play").total == 3


def test_age_bands_keep_what_says_no_age_behind_what_does(land):
    young = {"bands": [{"age_from": 0, "age_to": 5, "sexes": "any"}]}
    add(land, maps.service("Song for the small", eligibility=young), maps.service("Song for whom", eligibility={}))
    assert names(ask(land, "song", age_bands=["0-5"])) == ["Song for the small", "Song for whom"]
    assert names(ask(land, "song", age_bands=["15-17"])) == ["Song for whom"]


def test_a_capacity_past_its_limit_counts_as_unknown(land):
    state = {"state": "capacity", "available": 3, "as_of": "2026-03-01"}
    add(land, maps.service("Beds", capacity=state))
    assert names(ask(land, "beds", capacity=["capacity"])) == ["Beds"]
    later = NOON + 20 * 86_400
    assert names(ask(land, "beds", capacity=["capacity"], now=later)) == []
    assert ask(land, "beds", now=later).facets["capacity"] == {"unknown": 1}


def test_pages_join_without_a_gap_or_a_repeat(land):
    add(land, *(maps.service(f"Rhyme {number}") for number in range(7)))
    seen, after = [], 0
    while after is not None:
        page = ask(land, "rhyme", limit=3, after=after)
        seen += names(page)
        after = page.after
    assert sorted(seen) == [f"Rhyme {number}" for number in range(7)]


def test_a_hidden_service_is_in_no_result_no_count_and_no_guess(land):
    before = {text: ask(land, text) for text in ("", "shelter", "sheltor", "zaynabs", "health")}
    shelter = maps.service("Zaynab shelter", needs=["housing"], visibility={"*": "focal"})
    add(land, shelter)
    for viewer in (SOMEBODY, EVERYBODY):
        for text in ("", "shelter", "sheltor", "zaynabs", "zaynab"):
            answer = ask(land, text, viewer=viewer)
            assert "Zaynab shelter" not in names(answer)
            assert "housing" not in answer.facets["needs"]
    assert {text: ask(land, text) for text in before} == before
    assert names(ask(land, "zaynab", viewer=KEEPER)) == ["Zaynab shelter"]
    assert ask(land, viewer=KEEPER).facets["needs"]["housing"] == 1


def test_a_hidden_word_does_not_stop_another_from_being_taken_as_mistyped(land):
    add(land, maps.service("Basic", description="Zaynabi house", visibility={"description": "focal"}))
    add(land, maps.service("Zaynaba"))
    assert names(ask(land, "zaynabi")) == ["Zaynaba"]


def test_a_hidden_place_is_not_found_by_its_area(land):
    house = maps.site("Refuge", "XA12", visibility={"area": "focal", "latitude": "focal"})
    add(land, house, maps.service("Quiet help", at=(house,)))
    assert names(ask(land, "quiet", areas=["XA12"])) == []
    assert ask(land, "quiet").facets["areas"] == {"unknown": 1}
    assert names(ask(land, "quiet", viewer=KEEPER, areas=["XA12"])) == ["Quiet help"]


def test_typing_wildcards_or_terms_of_the_index_finds_nothing_else(land):
    for text in ("%", "_", "need:health", "area:XA", "a' or 1=1 --", "\x00", "{}"):
        assert ask(land, text, include_stale=True).total in {0, 1, 2}
    assert names(ask(land, "%essons")) == ["Lessons"]
    assert ask(land, areas=["%"]).total == 0
