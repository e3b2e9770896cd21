"""The papers of a handover: record, agreement of the family, plan, receipt, an observer's sheet, a card with numbers.

Each but the card carries its number, by which the signed paper is kept again (`hub handover scan`). No paper names a
child; card and sheet name no agency and no service either, so that whoever finds one learns nothing. The plan is the
reader's own copy: what they are not told is taken out before a word of it is set (R14). Decides nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from consent.familycopy import Reader, family_copy
from consent.words import words as consent_words
from hub.aftercare import observer
from hub.client.handover import SECTION, WORDS, How, Side
from hub.client.paper.blocks import (
    BOX,
    CROSS,
    code_or_blank,
    fields,
    heading,
    number_block,
    own_or_blank,
    room,
    table,
    text,
    ticks,
)
from hub.client.paper.forms import PHONE
from hub.client.paper.press import Block, Sheet, code, own, press
from hub.directory.matching.reasons import label
from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hub.client.handover import Document

    Words = Mapping[str, Any]

_SCHEME: Final = "urn:rcp:agency:"
_BLANK_PEOPLE, _BLANK_PAPERS, _VISITS, _ACTIONS = 2, 4, 10, 3
_ON_A_CARD: Final = 3
_NAME_ON_A_CARD: Final = 24
"""How many contacts, and how long a name, fit on a card of 85 x 54 mm in letters that can be read."""
_PROOF: Final = 16
_STEPS: Final = frozenset(WORDS["en"]["steps"])


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a leg that took effect: which statement, when, by which agency, and the hash that proves it."""

    type: str
    at: int
    agency: str
    hash: str


@dataclass(frozen=True, slots=True)
class Leg:
    """A leg of a transfer as its receipt shows it: who hands over to whom, and each step with its proof."""

    handoff: str
    from_agency: str
    to_agency: str
    steps: tuple[Step, ...] = ()


def meeting_form(
    language: str, number: str, document: Document, leg: Leg | None = None, *, large: bool = False
) -> bytes:
    """Return the handover record to sign, filled in as far as the document goes and a family may read (R14).

    Raises:
        InvalidRequest: no such language, or letters that cannot be printed.
    """
    said, document = _words(language), _signed_by_family(document)
    when = document.get("when")
    sides = (Side.SENDER, leg.from_agency if leg else ""), (Side.RECEIVER, leg.to_agency if leg else "")
    blocks = [
        *_head(said, "meeting", number),
        fields(
            (said["labels"]["child_code"], ""),
            (said["labels"]["leg"], code_or_blank(leg and leg.handoff)),
            (said["facts"]["when"], code(_moment(when)) if when else ""),
            (said["facts"]["where"], own_or_blank(document.get("where"))),
        ),
        *_came(said, document.get("accompanied_by")),
        *_checklist(said, document["checklist"]),
        *_papers(said, document.get("papers")),
        *_others(said, document),
        *(block for side, agency in sides for block in _side(said, side, agency)),
        heading(said["labels"]["family"]),
        room(5, (said["labels"]["sign_here"], ""), (said["labels"]["thumb_here"], "")),
        fields((said["labels"]["witness"], ""), (said["labels"]["sign_here"], "")),
        heading(said["labels"]["official"]),
        fields((said["labels"]["name"], ""), (said["labels"]["role"], "")),
        room(4, (said["labels"]["sign_here"], "")),
    ]
    return _press(language, said["forms"]["meeting"], blocks, number, large=large)


def willingness_form(language: str, number: str, document: Document | None = None, *, large: bool = False) -> bytes:
    """Return the paper on which a family says that the child is welcome (F2): signature, mark or two witnesses (R28).

    Raises:
        InvalidRequest: no such language, or letters that cannot be printed.
    """
    said, family = _words(language), _value((document or {}).get("family"))
    labels, chosen = said["labels"], family.get("how")
    witnesses = [*family.get("witnesses", ()), {}, {}][: max(2, len(family.get("witnesses", ())))]
    blocks = [
        *_head(said, "willingness", number),
        *(text(paragraph) for paragraph in labels["family_says"]),
        fields(
            (labels["language"], own_or_blank(family.get("language"))),
            (labels["interpreter"], ""),
            (labels["explained_by"], ""),
            (labels["date"], code_or_blank(family.get("on"))),
        ),
        ticks("", (labels["read_aloud"], bool(family.get("read")))),
        ticks(labels["how"], *((said["hows"][how], how == chosen) for how in How)),
        *(block for _ in range(2) for block in _signer(labels)),
        text(labels["no_signature"]),
        *(block for one in witnesses for block in _witness(labels, one)),
    ]
    return _press(language, said["forms"]["willingness"], blocks, number, large=large)


def plan_copy(
    language: str,
    number: str,
    plan: Mapping[str, Any],
    phone: str = "",
    reader: Reader = Reader.FAMILY,
    *,
    large: bool = False,
) -> bytes:
    """Return the plan as the family or the child may have it, to sign and to keep (R14, G4).

    Raises:
        InvalidRequest: no such language, or letters that cannot be printed.
    """
    said, mine = _words(language), _readers_plan(plan, reader)
    labels = said["labels"]
    blocks = [
        *_head(said, "plan", number),
        text(labels["plan_intro"]),
        *_actions(said, mine, language),
        fields((labels["call"], code_or_blank(phone)), (labels["date"], "")),
        heading(labels["plan_signed"]),
        *(block for _ in range(3) for block in _signer(labels)),
    ]
    return _press(language, said["forms"]["plan"], blocks, number, large=large)


def receipt_form(language: str, number: str, leg: Leg, *, large: bool = False) -> bytes:
    """Return the receipt of a leg: each step with its day and its proof, and room for both sides to sign (F4).

    Raises:
        InvalidRequest: no such language, or letters that cannot be printed.
    """
    said = _words(language)
    rows = [
        [said["steps"][step.type], code(_moment(step.at)), _agency(step.agency), code(step.hash[:_PROOF])]
        for step in leg.steps
        if step.type in _STEPS
    ]
    labels = said["labels"]
    blocks = [
        *_head(said, "receipt", number),
        fields(
            (labels["leg"], code(leg.handoff)),
            (labels["date"], ""),
            (labels["from"], _agency(leg.from_agency)),
            (labels["to"], _agency(leg.to_agency)),
        ),
        table([labels[name] for name in ("step", "date", "who", "proof")], [3, 3, 3, 3], rows or [[""] * 4]),
        *_side(said, Side.SENDER, leg.from_agency),
        *_side(said, Side.RECEIVER, leg.to_agency),
    ]
    return _press(language, said["forms"]["receipt"], blocks, number, large=large)


def observer_form(language: str, number: str, mark: str = "", *, large: bool = False) -> bytes:
    """Return an observer's sheet: a line for each visit, three marks, and the letters for the child. It says no why.

    Raises:
        InvalidRequest: no such language, or the mark is no four letters: a name, for instance.
    """
    said, form = _words(language), observer.form(language)
    mark = observer.read(f"{mark} 1").mark if mark else ""
    blocks = [
        {"kind": "title", "text": form.title},
        text(form.how),
        *([text(code(mark))] if mark else []),
        table([form.columns[0], *form.answers], [2, 2, 2, 2], [["", BOX, BOX, BOX] for _ in range(_VISITS)]),
        text(form.foot),
        number_block(number, said["labels"]["qr"]),
    ]
    return _press(language, form.title, blocks, number, large=large)


def safety_card(language: str, safety_plan: Mapping[str, Any], hidden: Iterable[str] = ()) -> bytes:
    """Return a card of 85 x 54 mm with the contacts of the safety plan that answer, and nothing else (G6).

    Raises:
        InvalidRequest: fewer than two contacts can be reached by telephone (R31), or a name is too long for a card or
            shows one of the agencies and services that are `hidden`.
    """
    said, contacts = _words(language), safety_plan.get("contacts") or ()
    rows = [row for row in contacts if row.get("reachable") is True and PHONE.fullmatch(str(row.get("phone") or ""))]
    digits = [re.sub(r"\D", "", row["phone"]) for row in rows]
    if len(set(digits)) < 2:  # noqa: PLR2004 - R31
        raise InvalidRequest(
            "Add a second emergency contact.", todo="A card needs two numbers at which somebody answers.", rule="R31"
        )
    order = sorted(
        range(len(rows)), key=lambda at: digits.index(digits[at]) < at
    )  # a number that stands there goes last
    rows = [rows[at] for at in order[:_ON_A_CARD]]
    names = [row["name"] for row in rows]
    if any(len(name) > _NAME_ON_A_CARD for name in names) or observer.reveals(" ".join(names), hidden):
        raise InvalidRequest(
            "A name on the card is too long, or tells of an agency or a service.",
            todo="Put the name there by which the child knows the person, and nothing else.",
        )
    lines = [{"parts": [own(row["name"]), code(row["phone"])], "size": 12} for row in rows]
    blocks = ({**own(said["labels"]["needs_help"]), "size": 12}, *lines)
    direction = consent_words(language).direction
    return press(Sheet(said["forms"]["card"], language, direction, blocks, card=True))


# Parts, in their order


def _head(said: Words, form: str, number: str) -> Iterable[Block]:
    yield {"kind": "title", "text": said["forms"][form]}
    yield number_block(number, said["labels"]["qr"])
    yield {"kind": "subtitle", "text": said["labels"]["keep"]}


def _came(said: Words, value: Any) -> Iterable[Block]:
    labels, people = said["labels"], value if isinstance(value, list) else []
    rows: list[list[Any]] = [[own_or_blank(one.get(name)) for name in ("name", "role")] for one in people]
    yield heading(said["facts"]["accompanied_by"])
    yield table([labels["name"], labels["role"]], [1, 1], rows or [["", ""]] * _BLANK_PEOPLE)
    yield from _reason(said, value)


def _checklist(said: Words, rows: Sequence[Mapping[str, Any]]) -> Iterable[Block]:
    labels, sides = said["labels"], [said["sides"][side] for side in Side]
    cells = [
        [
            said["items"].get(row["item"]) or code(row["item"]),
            *(CROSS if _value(row.get(side)).get("reason", "left out") is None else BOX for side in Side),
            own_or_blank(next(filter(None, (_why(row.get(side)) for side in Side)), "")),
        ]
        for row in rows
    ]
    yield heading(labels["checklist"])
    yield {"kind": "subtitle", "text": labels["checklist_how"]}
    yield table([labels["item"], *sides, labels["reason"]], [3, 0, 0, 2], cells)


def _papers(said: Words, value: Any) -> Iterable[Block]:
    labels, papers = said["labels"], value if isinstance(value, list) else []
    rows = [
        [
            own(one["title"]),
            *(CROSS if one.get("form") == form else BOX for form in ("original", "copy")),
            *(CROSS if one.get(name) else BOX for name in ("seen", "legible")),
        ]
        for one in papers
        if one.get("title")
    ]
    yield heading(said["facts"]["papers"])
    head = [labels[name] for name in ("document", "original", "copy", "seen", "legible")]
    yield table(head, [3, 0, 0, 0, 0], rows or [["", BOX, BOX, BOX, BOX]] * _BLANK_PAPERS)
    yield from _reason(said, value)


def _others(said: Words, document: Document) -> Iterable[Block]:
    labels, facts = said["labels"], said["facts"]
    official, child, follow = (_value(document.get(name)) for name in ("official", "child", "next_contact"))
    yield heading(facts["official"])
    role = own_or_blank(official.get("role"))
    yield fields((labels["name"], own_or_blank(official.get("name"))), (labels["role"], role))
    yield from _reason(said, document.get("official"))
    there, told = child.get("present") is True, child.get("told") is True
    yield ticks("", (labels["child_there"], there), (labels["child_told"], told))
    yield ticks("", (facts["safety_card"], bool(_value(document.get("safety_card")).get("given_to"))))
    reasons = [document.get(name) for name in ("child", "safety_card", "next_contact")]
    yield from (block for value in reasons if _why(value) for block in _reason(said, value))
    yield heading(facts["next_contact"])
    how = said["ways"].get(follow.get("how"), "")
    named = (labels["date"], code_or_blank(follow.get("on"))), (labels["who"], own_or_blank(follow.get("who")))
    yield fields(*named, (labels["how"], how), columns=3)


def _side(said: Words, side: Side, agency: str) -> Iterable[Block]:
    labels = said["labels"]
    yield heading(labels[side])
    yield fields((labels["agency"], _agency(agency) if agency else ""), (labels["name"], ""))
    yield room(4, (labels["sign_here"], ""))


def _signer(labels: Mapping[str, str]) -> Iterable[Block]:
    yield fields((labels["name"], ""), (labels["relationship"], ""))
    yield room(4, (labels["sign_here"], ""), (labels["thumb_here"], ""))


def _witness(labels: Mapping[str, str], one: Mapping[str, Any]) -> Iterable[Block]:
    name, role = own_or_blank(one.get("name")), own_or_blank(one.get("role"))
    yield fields((labels["witness"], name), (labels["role"], role), (labels["sign_here"], ""), columns=3)


def _actions(said: Words, plan: Mapping[str, Any], language: str) -> Iterable[Block]:
    labels, actions = said["labels"], [row for row in plan.get("actions") or () if row.get("status") != "dropped"]
    head = [labels[name] for name in ("what", "goal", "by_whom", "until", "state")]
    for dimension, name in said["needs"].items():
        rows = [_action(row, language) for row in actions if row.get("dimension") == dimension]
        why = str((plan.get("explained") or {}).get(dimension) or "")
        if rows or why:
            yield heading(name)
            yield from [table(head, [2, 3, 2, 1.6, 0], rows)] if rows else [text(*map(own, why.splitlines()))]
    if not actions:
        yield table(head, [2, 3, 2, 1.6, 0], [["", "", "", "", BOX]] * _ACTIONS)


def _action(row: Mapping[str, Any], language: str) -> list[Any]:
    who = [own(str(row[name])) for name in ("responsible", "provider") if row.get(name)]
    done = CROSS if row.get("status") == "done" else BOX
    need, goal = label("needs", str(row.get("need") or ""), language), " ".join(str(row.get("objective") or "").split())
    return [need, own_or_blank(goal), {"list": who}, code_or_blank(row.get("due")), done]


# Words and values


def _words(language: str) -> Words:
    if language not in WORDS:
        raise InvalidRequest("There is no paper in this language.", todo=f"Use {', '.join(WORDS)}.")
    return WORDS[language]


def _signed_by_family(document: Document) -> Document:
    """Return what of the document may stand on a paper that the family signs and keeps; a reason may tell too much."""
    kept, _ = family_copy({SECTION: document}, Reader.FAMILY)
    return {"checklist": [], **kept.get(SECTION, {})}


def _readers_plan(plan: Mapping[str, Any], reader: Reader) -> Mapping[str, Any]:
    """Return the plan as its reader may have it; an action of which anything is left out is left out whole."""
    actions = list(plan.get("actions") or ())
    _, removed = family_copy({"plan": dict(plan)}, reader)
    touched = {one.path.split("/")[2] for one in removed if one.path.startswith("/actions/")}
    whole = [row for n, row in enumerate(actions) if str(n) not in touched]
    kept, _ = family_copy({"plan": {**plan, "actions": whole}}, reader)
    return kept.get("plan") or {}


def _value(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _why(value: Any) -> str:
    return str(_value(value).get("reason") or "")


def _reason(said: Words, value: Any) -> Iterable[Block]:
    yield fields((said["labels"]["reason"], own_or_blank(_why(value))), columns=1)


def _agency(address: str) -> Block:
    return code(address.removeprefix(_SCHEME), breaks=True)


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _press(language: str, title: str, blocks: Sequence[Block], number: str, *, large: bool) -> bytes:
    said, direction = _words(language), consent_words(language).direction
    foot = (title, code(number))
    return press(Sheet(title, language, direction, tuple(blocks), foot, said["labels"]["page"], large=large))
