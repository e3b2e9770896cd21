"""The handover meeting: who came, which papers were looked at, what was handed over, ticked by both sides (F1, R37).

Pure: a document goes in and a new one comes out; nothing is stored or sent here. Each side keeps a document of its own
and speaks for nobody else: `merge` takes the other side's ticks from the other side's document alone, so that neither
can tick for the other. Where something was not possible, the reason stands in its place. Members that a later release
adds are kept.
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from hub.errors import Conflict, InvalidRequest, Malformed, NotFound
from hub.ids import random_id
from hub.packets import shapes as a

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SECTION: Final = "handover"
"""The section of a packet in which the document goes to the other side, with the release and with the take."""
_FILE: dict[str, Any] = json.loads(resources.files("hub.client").joinpath("handover.json").read_text("utf-8"))
CHECKLIST: Final[tuple[str, ...]] = tuple(_FILE["checklist"])
WORDS: Final[Mapping[str, Mapping[str, Any]]] = _FILE["words"]


class Side(StrEnum):
    """Who keeps the document: the agency that hands over, or the one that takes over."""

    SENDER = "sender"
    RECEIVER = "receiver"

    @property
    def other(self) -> Side:
        """The other side."""
        return Side.RECEIVER if self is Side.SENDER else Side.SENDER


class How(StrEnum):
    """How the family said in writing that the child is welcome (F2)."""

    SIGNATURE = "signature"
    MARK = "mark"
    THUMBPRINT = "thumbprint"
    ORAL = "oral"


WITNESSES: Final = {How.SIGNATURE: 0, How.MARK: 1, How.THUMBPRINT: 1, How.ORAL: 2}
"""How many witnesses each needs (F2, and R28 where nothing could be written)."""
_REASON = a.at_least({"reason": a.text})
_PERSON = a.at_least({"name": a.text, "role": a.text})
_PAPER = a.at_least(
    {"document": a.hash_, "title": a.text, "seen": a.flag, "form": a.one_of("original", "copy"), "legible": a.flag}
)
_FAMILY = a.at_least(
    {
        "read": a.flag,
        "language": a.text,
        "how": a.one_of(*How),
        "on": a.date,
        "witnesses": a.list_of(_PERSON, 10),
    }
)
_CHILD = a.at_least({"present": a.flag, "told": a.flag, "reason": a.null_or(a.text)})
_NEXT = a.at_least({"on": a.date, "who": a.text, "how": a.one_of("in_person", "phone", "other")})


def _or_reason(inner: a.Check) -> a.Check:
    """Return the check for what `inner` takes, for the reason why it is missing, or for null: not said yet."""

    def check(value: object) -> None:
        if value is not None:
            (_REASON if isinstance(value, dict) and "reason" in value else inner)(value)

    return check


FACTS: Final[Mapping[str, a.Check]] = {
    "when": a.null_or(a.seconds),
    "where": a.null_or(a.text),
    "accompanied_by": _or_reason(a.list_of(_PERSON, 20, 1)),
    "papers": _or_reason(a.distinct(a.list_of(_PAPER, 100, 1), "document")),
    "official": _or_reason(_PERSON),
    "family": _or_reason(_FAMILY),
    "child": a.null_or(_CHILD),
    "safety_card": _or_reason(a.at_least({"given_to": a.text})),
    "next_contact": _or_reason(_NEXT),
}
"""What is said of a meeting beside the checklist; all but time and place may be a reason instead."""
_MARK = a.null_or(a.at_least({"by": a.text, "at": a.seconds, "reason": a.null_or(a.text)}))
_ROW = a.at_least({"item": a.name, **dict.fromkeys(Side, _MARK)})
_SIGNED = a.at_least(
    {
        "form": a.matches(re.compile("[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}")),
        "kind": a.text,
        "source": a.hash_,
        "files": a.list_of(a.hash_, 50, 1),
    }
)
FORM: Final[a.Check] = a.at_least(
    {
        "v": a.integer(1),
        "meeting": a.identifier,
        "side": a.one_of(*Side),
        **FACTS,
        "checklist": a.distinct(a.list_of(_ROW, 100, 1), "item"),
        "signed": a.list_of(_SIGNED, 100),
    }
)
"""The form of a document; members that are not known stay."""
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Merged:
    """What both sides say together, in the place of the own document, and where they say different things."""

    document: Document = field(repr=False)
    differences: tuple[str, ...] = ()


def check(value: object) -> Document:
    """Return a document of a meeting once its form is checked; members that are not known stay.

    Raises:
        Malformed: it is none.
    """
    FORM(value)
    return dict(value) if isinstance(value, dict) else {}


def draft(side: Side, meeting: str | None = None) -> Document:
    """Return the empty document of a side; `meeting` names the one that the other side began."""
    rows = [{"item": item, Side.SENDER.value: None, Side.RECEIVER.value: None} for item in CHECKLIST]
    named = {"v": 1, "meeting": meeting or random_id(), "side": Side(side).value}
    return {**named, **dict.fromkeys(FACTS), "checklist": rows, "signed": []}


def change(document: Document, facts: Mapping[str, Any]) -> Document:
    """Return the document with these facts in the place of the old ones, each whole.

    Raises:
        InvalidRequest: there is no such fact, or it is not of its form; `fields` names them.
    """
    wrong = sorted(name for name, value in facts.items() if not _fits(name, value))
    if wrong:
        raise InvalidRequest(
            f"This is not what a handover record says. It says {', '.join(FACTS)}, each or a reason.", fields=wrong
        )
    return {**document, **facts}


def tick(document: Document, items: Iterable[str], by: str, at: int, reason: str | None = None) -> Document:
    """Return the document with the own side's tick at these items, or the reason why there is none.

    Raises:
        NotFound: no such item on the checklist.
        InvalidRequest: the reason is no short line.
    """
    chosen, mark = set(items), {"by": by, "at": at, "reason": reason}
    if not chosen <= {row["item"] for row in document["checklist"]}:
        raise NotFound("There is no such item on the checklist.", todo="See `hub handover show`.")
    try:
        _MARK(mark)
    except Malformed as error:
        raise InvalidRequest("A reason is one short line of text.") from error
    side = document["side"]
    rows = [{**row, side: mark} if row["item"] in chosen else row for row in document["checklist"]]
    return {**document, "checklist": rows}


def merge(mine: Document, theirs: Document | None) -> Merged:
    """Return what both sides say: each side's ticks from its own document; facts are mine where I said them.

    Raises:
        Conflict: the other document is of another meeting, or of the same side.
    """
    if theirs is None:
        return Merged(mine)
    side = Side(mine["side"])
    if (theirs["meeting"], theirs["side"]) != (mine["meeting"], side.other):
        raise Conflict("This is not the other side's record of this meeting.", todo="Ask them to send theirs.")
    said = {name: theirs[name] if mine[name] is None else mine[name] for name in FACTS}
    other = {row["item"]: row for row in theirs["checklist"]}
    own = {row["item"]: row for row in mine["checklist"]}
    rows = [_row(item, own.get(item), other.get(item), side) for item in {**own, **other}]
    signed = {row["source"] + row["form"]: row for row in (*theirs["signed"], *mine["signed"])}
    merged = {**theirs, **mine, **said, "checklist": rows, "signed": list(signed.values())}
    differs = [*_facts_differ(mine, theirs), *_ticks_differ(own, other, side)]
    return Merged(merged, tuple(differs))


def missing(document: Document, *, side: Side | None = None) -> list[str]:
    """Return what is not said yet: names of facts, and `checklist/item/side`; `side`: the ticks of that side only.

    An item is done with both ticks, or with the reason of either side (R37). Empty means that the record is complete.
    """
    open_facts = [name for name in FACTS if not _settled(name, document[name])]
    sides = (side,) if side else tuple(Side)
    rows = (row for row in document["checklist"] if not any((row[one] or {}).get("reason") for one in Side))
    return open_facts + [f"checklist/{row['item']}/{one}" for row in rows for one in sides if row[one] is None]


# Forms on paper

FORMS: Final = ("meeting", "willingness", "plan", "receipt", "observer", "card")
UNSIGNED: Final = ("card",)
"""A card carries no number: whoever finds it learns of no paper that belongs to it."""
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOK_ALIKES: Final = str.maketrans("OIL", "011", " -")
_HALF: Final = 5


def new_form() -> str:
    """Return the number of a form that is printed: random, so that no two papers of one child can be joined."""
    return _dashed("".join(secrets.choice(_ALPHABET) for _ in range(2 * _HALF)))


def form_number(text: str) -> str:
    """Return the number of a form as it is printed; case, spaces and O for 0, I or L for 1 do not matter.

    Raises:
        InvalidRequest: it is none.
    """
    plain = text.upper().translate(_LOOK_ALIKES)
    if len(plain) != 2 * _HALF or not set(plain) <= set(_ALPHABET):
        raise InvalidRequest("The number of a form has ten letters and digits.", todo="Read it from the paper's foot.")
    return _dashed(plain)


def _dashed(plain: str) -> str:
    return f"{plain[:_HALF]}-{plain[_HALF:]}"


def _fits(name: str, value: object) -> bool:
    try:
        FACTS[name](value)
    except (KeyError, Malformed):
        return False
    return True


def _settled(name: str, value: Any) -> bool:
    if not value:
        return False
    if isinstance(value, dict) and value.get("reason"):
        return True
    if name == "child":
        return bool(value["present"] and value["told"])
    if name == "family":
        return bool(value["read"]) and len(value["witnesses"]) >= WITNESSES[How(value["how"])]
    return True


def _row(item: str, own: Mapping[str, Any] | None, other: Mapping[str, Any] | None, side: Side) -> dict[str, Any]:
    """Return the row of an item: each mark from the document of the side that made it."""
    mine, theirs = own or {}, other or {}
    return {**theirs, **mine, "item": item, side.value: mine.get(side), side.other.value: theirs.get(side.other)}


def _facts_differ(mine: Document, theirs: Document) -> Iterable[str]:
    for name in FACTS:
        if mine[name] is not None and theirs[name] is not None and mine[name] != theirs[name]:
            yield name


def _ticks_differ(own: Mapping[str, Any], other: Mapping[str, Any], side: Side) -> Iterable[str]:
    """Yield the items where one side ticked and the other gave a reason, or where they tell of a tick not made."""
    for item, row in other.items():
        mine, theirs, told = _said(own.get(item, {}).get(side)), _said(row[side.other]), _said(row[side])
        if (told is not None and told != mine) or (None not in {mine, theirs} and mine != theirs):
            yield f"checklist/{item}"


def _said(mark: Mapping[str, Any] | None) -> str | None:
    return None if mark is None else "reason" if mark["reason"] else "tick"
