"""The way of a case as it is drawn: who signed what, who is responsible from when on, in a page without script."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from rich.console import Console

from hub.cli.timeline import draw as drawn_in_terminal
from hub.client import timeline, timeline_page
from hub.client.reading import Line, Shown, Word
from hub.client.timeline import LEG, Note
from hub.errors import InvalidRequest
from hub.ids import agency_id
from hub.statements.bodies import KINDS
from hub.statements.grammar import Grade, HubActor, MemberActor, Statement
from hub.statements.receipts import Receipt

SHELTER, CENTRE = agency_id("shelter", "dj.example"), agency_id("centre", "et.example")
START, DAY = 1_764_000_000, 86_400
LANGUAGES = ("en", "fr", "es", "ar")


def said(kind, agency, at, *, position=0, refused=False, grade=Grade.SIGNED, role="supervisor", **body):
    by = HubActor("dj.example") if grade is Grade.HUB else MemberActor(agency, "m", role)
    statement = Statement(kind, "leg", (), (by,), at, grade, body)
    words = ()
    if refused:
        words = (Word("dj.example", at, None, ("arrived", 3)),)
    elif position is not None:
        words = (Word("dj.example", at, receipt(position)),)
    return Line(f"hash{at}", statement, words, "effective", "dj.example")


def receipt(position):
    return Receipt("s", None, 40 + position, b"", (), position, "arrived")


def leg(*lines, kind=LEG, to=CENTRE, ball=None):
    return Shown(
        "leg",
        kind,
        SHELTER,
        to,
        "arrived",
        "signed",
        "high",
        ball,
        START if ball else None,
        None,
        None,
        False,
        (),
        lines,
        (),
    )


def handed_over(**take):
    return leg(
        said("transfer.offer", SHELTER, START),
        said("transfer.release", SHELTER, START + 3 * DAY, position=1),
        said("transfer.take", CENTRE, START + 3 * DAY + 60, **{"position": 2, **take}),
    )


def test_responsibility_moves_with_the_take_and_not_with_the_release():
    made = timeline.timeline([handed_over()])
    assert [(span.agency, span.ends is None) for span in made.spans] == [(SHELTER, False), (CENTRE, True)]
    assert made.spans[1].begins == START + 3 * DAY + 60


def test_who_opened_the_case_was_responsible_before_anything_was_offered():
    opened = leg(said("case.open", SHELTER, START - DAY, role="caseworker"), kind="case", to=SHELTER)
    made = timeline.timeline([handed_over(), opened])
    assert made.spans[0].begins == START - DAY
    assert [timeline.label(part) for part in made.parts] == ["Leg 1"], "the register goes nowhere"


def test_what_an_agency_wrote_down_stands_after_what_was_signed_at_that_second_and_is_marked():
    made = timeline.timeline([handed_over()], [Note(START, CENTRE, "The mother is willing")])
    assert [timeline.what(entry) for entry in made.entries[:2]] == ["Transfer offered", "The mother is willing"]
    assert timeline.notices(made.entries[1]) == ["written down by centre@et.example"]
    assert timeline.who(made.entries[1]) == []


@pytest.mark.parametrize("take", [{"refused": True}, {"position": None}])
def test_a_take_that_was_refused_or_still_waits_moves_nothing(take):
    made = timeline.timeline([handed_over(**take)])
    assert [span.agency for span in made.spans] == [SHELTER]
    assert timeline.notices(made.entries[-1])


def test_a_warning_before_the_day_is_not_told_as_lateness():
    rung = {"clock": "departure", "rung": 1, "tell": ["named"]}
    late = {**rung, "rung": 2}
    made = timeline.timeline(
        [
            leg(
                said("transfer.offer", SHELTER, START),
                said("referral.overdue", SHELTER, START + 1, grade=Grade.HUB, **rung),
                said("transfer.not_departed", SHELTER, START + 2, grade=Grade.HUB, **late),
            )
        ]
    )
    told = [timeline.what(entry) for entry in made.entries]
    assert told[1].startswith("Due soon")
    assert told[2] == "The child has not left as planned (rung 2)"


def test_an_answer_that_the_sender_reported_says_so():
    made = timeline.timeline([leg(said("transfer.acknowledge", SHELTER, START, grade=Grade.REPORTED))])
    assert timeline.notices(made.entries[0]) == ["reported by sender"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_of_a_transfer_and_a_referral_has_words_in_each_language(language):
    steps = timeline.words(language)["steps"]
    named = {kind.rpartition(".")[2] for kind in KINDS if kind.partition(".")[0] in {"transfer", "referral", "case"}}
    assert named <= steps.keys()
    assert steps.keys() == timeline.words("en")["steps"].keys()
    assert timeline.words(language)["page"].keys() == timeline.words("en")["page"].keys()


def test_words_of_a_language_that_there_are_none_of_are_refused():
    with pytest.raises(InvalidRequest):
        timeline_page.page([handed_over()], language="xx")


class Tags(HTMLParser):
    """Every tag with its attributes, and whether each that opens is closed."""

    def __init__(self):
        super().__init__()
        self.seen, self.open = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("fr", "ltr"), ("es", "ltr"), ("ar", "rtl")])
def test_the_page_is_whole_has_no_script_and_fetches_nothing(language, direction):
    hostile = Note(START, SHELTER, '<script src="https://evil.example/x.js">alert(1)</script>')
    page = timeline_page.page([handed_over()], title="<b>SYN-ET-001</b>", notes=[hostile], language=language)
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    names = {tag for tag, _attrs in tags.seen}
    assert not names & {"script", "img", "link", "iframe", "b"}
    assert not [value for _tag, attrs in tags.seen for name, value in attrs.items() if name in {"src", "href"}]
    assert next(attrs for tag, attrs in tags.seen if tag == "html") == {"lang": language, "dir": direction}
    assert not re.search(r"url\(|@import", page)


def test_the_page_says_in_words_what_its_colours_say():
    page = timeline_page.page([handed_over()])
    assert "From here on responsible: <bdi>centre@et.example</bdi>" in page
    assert "Responsible: <strong><bdi>centre@et.example</bdi></strong>" in page


def test_the_terminal_shows_the_same_steps():
    console = Console(width=160, record=True, file=None, quiet=False, no_color=True, force_terminal=False)
    with console.capture() as shown:
        drawn_in_terminal(console, timeline.timeline([handed_over()]))
    for words in (
        "Transfer offered",
        "Receiver takes the case",
        "From here on responsible: centre@et.example",
        "Day 3",
    ):
        assert words in shown.get()


def test_hubs_and_members_of_two_agencies_are_named_with_their_roles():
    both = Statement(
        "transfer.assume",
        "leg",
        (),
        (MemberActor(CENTRE, "m", "supervisor"), MemberActor(SHELTER, "n", "coordinator")),
        START,
        Grade.SIGNED,
        {},
    )
    made = timeline.timeline([leg(Line("h", both, (), "effective", "dj.example"))])
    assert timeline.who(made.entries[0]) == ["centre@et.example: supervisor", "shelter@dj.example: coordinator"]
