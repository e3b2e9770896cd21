"""The way of a case as a timeline: what was signed on its legs and referrals, and who was responsible when.

Made of handoffs that `reading.show` has verified, so it says nothing that the hub merely says, except who acts next and
by when. Notes of the agency itself may stand beside it and are marked as such. `hub.client.timeline_page` draws it as
an HTML page, `hub.cli.timeline` in a terminal. It opens no packet: what it shows, hubs know too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from consent.words import LANGUAGES
from hub.client.register import SUCCEEDED, TAKE
from hub.errors import InvalidRequest
from hub.statements.grammar import MemberActor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hub.client.reading import Line, Shown
    from hub.statements.grammar import Statement

LEG: Final = "transfer_leg"
_REGISTER: Final = "case"
_QUIET: Final = frozenset({"packet.rewrap", "packet.destroy", "record.destroy"})
"""Upkeep of packets, which is no step of the case."""
_DATED: Final = frozenset({"departure", "arrival", "timer"})
"""The clocks whose first rung is a warning before the day."""


@dataclass(frozen=True, slots=True)
class Note:
    """What an agency wrote down itself and no hub has seen; `own` is the agency."""

    at: int
    own: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A leg, a referral or another handoff of the case; `number` counts those of one kind."""

    id: str
    kind: str
    number: int
    from_agency: str
    to_agency: str
    next: str | None
    due: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One step: who signed what, and where it stands in which logs; `holder` is who is responsible from here on.

    `by` has an agency and a role for each member, a host and None for a hub; `waits` for the word of the ordering hub.
    """

    at: int
    stretch: Stretch | None
    step: str
    by: tuple[tuple[str, str | None], ...]
    grade: str = "signed"
    places: tuple[tuple[str, int], ...] = ()
    refused: bool = False
    waits: bool = False
    rung: int | None = None
    holder: str | None = None
    note: Note | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """How long an agency was responsible by the register; `ends` is None for the one that is."""

    agency: str
    begins: int
    ends: int | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """The steps in the order in which they were signed, and who was responsible from when to when."""

    entries: tuple[Entry, ...]
    spans: tuple[Span, ...]
    stretches: tuple[Stretch, ...]

    @property
    def begins(self) -> int:
        """When the first step was signed, or the first note made."""
        return self.entries[0].at if self.entries else 0

    def day(self, at: int) -> int:
        """Return the number of a day, the first being 0."""
        return at // 86_400 - self.begins // 86_400

    @property
    def parts(self) -> tuple[Stretch, ...]:
        """Return the stretches but for the register, which goes nowhere."""
        return tuple(one for one in self.stretches if one.kind != _REGISTER)

    @property
    def days(self) -> Iterator[tuple[int, tuple[Entry, ...]]]:
        """Yield each day on which something happened, as its first second, with what happened."""
        for day in sorted({entry.at // 86_400 for entry in self.entries}):
            yield day * 86_400, tuple(entry for entry in self.entries if entry.at // 86_400 == day)


def timeline(shown: Sequence[Shown], notes: Iterable[Note] = ()) -> Timeline:
    """Return the timeline of the verified handoffs of one case, and of what was written down beside them.

    Whose case it is, is known to whoever chose the handoffs: nothing in them says that they are of one child.
    """
    ordered = sorted(shown, key=lambda one: one.submission.statement.at)
    counted: dict[str, int] = {}
    entries: list[Entry] = []
    stretches = []
    for one in ordered:
        counted[one.kind] = counted.get(one.kind, 0) + 1
        stretch = _stretch(one, counted[one.kind])
        stretches.append(stretch)
        entries += [_entry(stretch, line) for line in one.lines if line.statement.type not in _QUIET]
    entries += [Entry(note.at, None, "", ((note.own, None),), note=note) for note in notes]
    entries.sort(key=lambda entry: entry.at)
    return Timeline(tuple(entries), _spans(ordered, entries), tuple(stretches))


@cache
def _file() -> dict[str, Any]:
    return json.loads(resources.files("hub.client").joinpath("timeline.json").read_text("utf-8"))  # type: ignore[no-any-return]  # our own file


def words(language: str) -> Mapping[str, Any]:
    """Return the words of a language: `page`, `roles`, `steps`.

    Raises:
        InvalidRequest: there are none of this language.
    """
    if language not in _file():
        raise InvalidRequest(f"There are no words of this language. Choose one of: {', '.join(LANGUAGES)}.")
    found: Mapping[str, Any] = _file()[language]
    return found


def what(entry: Entry, language: str = "en") -> str:
    """Return what happened in a step, in words."""
    if entry.note is not None:
        return entry.note.text
    said = str(words(language)["steps"].get(entry.step, entry.step.replace("_", " ")))
    rung = "" if entry.rung is None else words(language)["page"]["rung"].format(n=entry.rung)
    return f"{said} ({rung})" if rung else said


def who(entry: Entry, language: str = "en") -> list[str]:
    """Return who signed a step: an agency with the roles in which its members did, or a hub."""
    said, agencies = words(language), dict.fromkeys(name for name, role in entry.by if role)
    hubs = [said["page"]["hub"].format(host=name) for name, role in entry.by if role is None and entry.note is None]
    roles = {
        agency: " + ".join(said["roles"].get(role, role) for name, role in entry.by if name == agency and role)
        for agency in agencies
    }
    return [*(f"{name_of(agency)}: {row}" for agency, row in roles.items()), *hubs]


def name_of(agency: str) -> str:
    """Return an agency's address without what is the same for all, for a line that is read by people."""
    return agency.rpartition(":")[2]


def label(stretch: Stretch, language: str = "en") -> str:
    """Return what a stretch is called: Leg 2, Referral."""
    page = words(language)["page"]
    name = {LEG: "leg", "referral": "referral", _REGISTER: "case"}.get(stretch.kind, "inquiry")
    return str(page[name].format(n=stretch.number))


def notices(entry: Entry, language: str = "en") -> list[str]:
    """Return what is to be known of a step beside who signed it: how good the evidence is, and whether it counts."""
    page = words(language)["page"]
    said = [page["grades"].get(entry.grade), page["refused"] if entry.refused else None]
    said += [page["waits"] if entry.waits else None]
    said += [page["own"].format(agency=name_of(entry.note.own))] if entry.note else []
    return [one for one in said if one]


def _stretch(shown: Shown, number: int) -> Stretch:
    ball = shown.ball and shown.agency_of(shown.ball)
    return Stretch(shown.id, shown.kind, number, shown.from_agency, shown.to_agency, ball, shown.due if ball else None)


def _entry(stretch: Stretch, line: Line) -> Entry:
    said = line.statement
    by = tuple((one.agency, one.role) if isinstance(one, MemberActor) else (one.host, None) for one in said.by)
    places = tuple((word.host, word.receipt.index) for word in line.words if word.receipt)
    return Entry(
        said.at,
        stretch,
        _step(said),
        by,
        said.grade.value,
        places,
        refused=line.refused,
        waits=line.position is None and not line.refused and said.hub is None,
        rung=said.body.get("rung"),
        holder=_moves(stretch, line),
    )


def _step(said: Statement) -> str:
    warned = said.body.get("rung") == 1 and said.body.get("clock") in _DATED
    return "warned" if warned else said.type.rpartition(".")[2]


def _moves(stretch: Stretch, line: Line) -> str | None:
    """Return who is responsible from a statement on, if the register has it."""
    if line.position is None or line.statement.type not in {TAKE, SUCCEEDED}:
        return None
    return stretch.to_agency if line.statement.type == TAKE else str(line.statement.body["by"])


def _spans(ordered: Sequence[Shown], entries: Iterable[Entry]) -> tuple[Span, ...]:
    first = next((one for one in ordered if one.kind in {LEG, _REGISTER}), None)
    if first is None:
        return ()
    moves = [(first.submission.statement.at, first.from_agency)]
    moves += [(entry.at, entry.holder) for entry in entries if entry.holder]
    ends = [*(at for at, _holder in moves[1:]), None]
    return tuple(Span(holder, at, end) for (at, holder), end in zip(moves, ends, strict=True))
