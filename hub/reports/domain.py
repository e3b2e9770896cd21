"""What is counted of needs and referrals: facts without a child, their splits, when a month is settled. Pure.

Does not hide anything (`suppression`) and does not sign (`document`). There is one hierarchy: all, service (by the need
that it meets), area, age band, sex. At each of its places help was sought for a number of needs, by a referral or in
vain, and each split says what became of them. What one split says never bounds what another one may be: a split of
some endings stands only where their number is told, and no class of a split is a part of a class of another.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from hub.directory.records.vocabulary import AGE_GROUPS
from hub.referrals.reasons import BARRIERS, REASONS
from hub.statements.grammar import Grade

if TYPE_CHECKING:
    from collections.abc import Mapping

Path = tuple[str, ...]
"""A place in the hierarchy: nothing for all, else service, area, age band and sex, as far as it goes."""
_POLICY: Final[dict[str, Any]] = json.loads(
    resources.files("hub.reports").joinpath("policy.json").read_text(encoding="utf-8")
)
POLICY: Final[str] = _POLICY["policy"]
LEAST: Final[int] = _POLICY["suppress_below"]["value"]
"""The smallest number that may be told, and how many numbers a hidden one must at least be able to be."""
SETTLED_AFTER: Final = timedelta(days=_POLICY["settled_after_days"]["value"])
_STEP: Final[int] = _POLICY["round_percent_to"]["value"]
_BANDS: Final = tuple((name, int(_POLICY["bands"][name])) for name in ("many", "some", "few"))

DEPTH: Final = 4
UNSAID: Final = "unsaid"
FEMALE: Final = "female"
OTHERS: Final = "others"
"""All who are not recorded as female. A class for the few recorded as neither would either show them, or hide
another class each time so that nobody counts back."""
CLOSED: Final[Mapping[int, tuple[str, ...]]] = {2: (*AGE_GROUPS, UNSAID), 3: (FEMALE, OTHERS)}
"""The levels of which everybody knows all members, age bands and sexes: what is not told there can be counted back."""
ENDINGS: Final = ("yes", "partial", "no", "declined", "not_completed", "expired", "stopped", "open", "nowhere")
"""What became of it: how far it helped, or why nobody can say; `nowhere`: there was nobody to refer to."""
ANSWERED: Final = frozenset(ENDINGS[:5])
GRADES: Final = tuple(grade.value for grade in Grade if grade is not Grade.HUB)
SAID, NOT_SAID = "said", "not"
_FLAG: Final = (SAID, NOT_SAID)


@dataclass(frozen=True, slots=True)
class Fact:
    """One need for which an agency sought help in a month, `YYYY-MM`: a referral that it sent, or nobody to send it to.

    It does not say whom it is about.
    """

    month: str
    service: str
    area: str
    age_band: str
    sex: str
    ending: str
    reason: str | None = None
    barriers: frozenset[str] = frozenset()
    again: bool = False
    """Whether the same need had been referred before."""
    unmet: bool = False
    grade: str | None = None
    """How good the evidence of its ending is; None where nobody answered."""

    @property
    def path(self) -> Path:
        """Its place in the hierarchy."""
        band = self.age_band if self.age_band in AGE_GROUPS else UNSAID
        return self.service, self.area, band, FEMALE if self.sex == FEMALE else OTHERS


@dataclass(frozen=True, slots=True)
class Split:
    """One way to split the needs of a place into classes, each in one of them.

    `of`: the endings of those that it splits; a split of some stands only where one can tell how many they are.
    """

    name: str
    classes: tuple[str, ...]
    of: frozenset[str] = frozenset(ENDINGS)

    def of_fact(self, fact: Fact) -> str | None:
        """Return the class of a fact, or None where it is none of those that are split."""
        if fact.ending not in self.of:
            return None
        head, _, rest = self.name.partition(".")
        match head:
            case "ending":
                return fact.ending
            case "reason":
                return fact.reason if fact.reason in self.classes else "other"
            case "grade":
                return fact.grade if fact.grade in self.classes else Grade.REPORTED.value
            case "barrier":
                return SAID if rest in fact.barriers else NOT_SAID
        return SAID if getattr(fact, head) else NOT_SAID


ENDING: Final = Split("ending", ENDINGS)
SPLITS: Final = {
    split.name: split
    for split in (
        ENDING,
        Split("grade", GRADES, ANSWERED),
        Split("reason.declined", REASONS, frozenset({"declined"})),
        Split("reason.not_completed", REASONS, frozenset({"not_completed"})),
        Split("unmet", _FLAG, frozenset(ENDINGS) - {"yes", "nowhere"}),
        Split("again", _FLAG),
        *(Split(f"barrier.{code}", _FLAG) for code in BARRIERS),
    )
}


def month_of(at: int) -> str:
    """Return the month of a time, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m")


def bounds(month: str) -> tuple[int, int]:
    """Return the first second of a month and that of the next, in UTC."""
    first = date.fromisoformat(f"{month}-01")
    following = (first + timedelta(days=31)).replace(day=1)
    return _start(first), _start(following)


def settled(month: str, now: int) -> bool:
    """Return whether a month may be published: its referrals have run their course."""
    return now >= bounds(month)[1] + int(SETTLED_AFTER.total_seconds())


def unsettled_since(now: int) -> int:
    """Return when the oldest month began that may not be published yet.

    The chase board counts from here on, so that no referral stands both on it and in a published month.
    """
    month = month_of(now - int(SETTLED_AFTER.total_seconds()))
    first, following = bounds(month)
    return following if settled(month, now) else first


def band(count: int) -> str:
    """Return in which band a count lies, as others than its own agency are told it."""
    return next(name for name, least in _BANDS if count >= least)


def percent(part: int, whole: int) -> int:
    """Return a share in percent, rounded to the step of the policy, so that nobody works a count out of it."""
    return _STEP * ((200 * part + _STEP * whole) // (2 * _STEP * whole)) if whole else 0


def _start(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
