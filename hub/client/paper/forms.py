"""What stands on each paper: the form to sign, the giver's receipt, and a card that says nothing but a code.

A record comes as the JSON of a consent (consent/schema/basis.json); what it does not say yet stays blank, to be filled
in by hand, so that a form can be printed before there is any record. No name of a child is ever printed: the record has
none. Decides nothing, and takes no record for valid that is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from consent.token import parse_token
from consent.words import LANGUAGES, Notice, Words, WordsError, notice, words
from hub.client.paper.blocks import code_or_blank, fields, heading, own_or_blank, room, text
from hub.client.paper.press import Block, Sheet, code, press, qr_svg
from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Record = Mapping[str, Any]

PURPOSES = ("referral", "transfer")
_SCHEME = "urn:rcp:agency:"
_BLANK_ROWS, _BLANK_DENIALS = 6, 3
PHONE = re.compile(r"\+?[0-9][0-9 ()/.-]{2,30}")
_CONTACT = ("in_person", "phone", "sms", "letter", "email", "through_worker")
_FORMATS = ("read_aloud", "written", "picture_cards", "drawing", "play", "video", "audio")
_UNDERSTOOD = ("teach_back", "asked", "not_checked")
_INTERPRETERS = ("in_person", "phone", "video", "relative", "colleague")
_ASKED = ("spoken", "written", "drawing", "play", "signed", "picture_cards")
_SIGNED = {"written": "signature"}
_METHODS = ("written", "thumbprint", "witnessed", "recorded", "electronic")


@dataclass(frozen=True, slots=True)
class Desk:
    """Who answers for the paper: the agency's name and address (`name@host`), its duty number, where to complain."""

    agency: str = ""
    address: str = ""
    phone: str = ""
    complaints: str = ""


def consent_form(
    language: str, purpose: str, desk: Desk, record: Record | None = None, *, large: bool = False
) -> bytes:
    """Return the form to sign, filled in as far as `record` goes. `large`: large print.

    Raises:
        InvalidRequest: no form for this purpose or in this language, or letters that cannot be printed.
    """
    if purpose not in PURPOSES:
        raise InvalidRequest("There is no form for this.", todo=f"Use {' or '.join(PURPOSES)}.")
    said, now = _said(language), record or {}
    told = notice(f"notice-{purpose}", language)
    blocks = (
        {"kind": "title", "text": said.labels["form"]},
        *_told(said, told, said.labels["read_first"]),
        *_told(said, notice(f"{told.id}-child", language), said.labels["read_child"]),
        *_about(said, desk, now),
        *_asked_for(said, now),
        *_explained(said, now.get("informing") or {}),
        *_child(said, now.get("assent") or {}),
        *_giver(said, now.get("giver") or {}, now.get("expression") or {}),
        *_rest(said, desk, now.get("safety") or {}, now.get("receipt") or {}),
    )
    return _print(said, said.labels["form"], blocks, told, now, large=large)


def receipt(language: str, desk: Desk, record: Record, token: str, *, large: bool = False) -> bytes:
    """Return the giver's receipt: what was agreed, with whom, until when, and how to change one's mind.

    Raises:
        InvalidRequest: the record gave no receipt, or letters that cannot be printed.
    """
    said, given = _said(language), _given(record, token)
    label = said.labels
    grants = record.get("grants") or ()
    denials = [row for row in _refusals(record) if not row.get("party")]  # a paper at home names no person to fear
    told = notice("notice-referral", language)
    how = next(p for p in told.paragraphs if p.topic == "right_to_withdraw")
    until = max((row["until"] for row in grants), default="")
    blocks = (
        {"kind": "title", "text": label["receipt"]},
        fields(
            (label["given_on"], code_or_blank((record.get("expression") or {}).get("on"))),
            (label["given_by"], said.givers.get((record.get("giver") or {}).get("capacity", ""), "")),
            (label["until"], code_or_blank(until)),
            (label["review"], code_or_blank(_first_end(record))),
        ),
        heading(label["agreed_to"]),
        _shares(said, grants, asked=False),
        *((heading(label["said_no"]), _denials(said, denials)) if denials else ()),
        heading(label["change_mind"]),
        text(how.text),
        heading(label["your_code"]),
        {"kind": "code", "code": code(given), "qr": qr_svg(given), "alt": label["qr"]},
        text(label["keep_code"]),
        fields(
            (label["responsible"], own_or_blank(desk.agency)),
            (label["call"], code_or_blank(desk.phone)),
            (label["code_address"], code_or_blank(desk.address)),
        ),
    )
    return _print(said, label["receipt"], blocks, None, record, large=large)


def code_card(record: Record, token: str, phone: str) -> bytes:
    """Return a card of 85 x 54 mm with the code and a phone number, for where a paper would be dangerous.

    There is no word on it, not in its title either: whoever finds it learns nothing of a child, an agency or a consent.

    Raises:
        InvalidRequest: the record gave no receipt, or the number is none.
    """
    given = _given(record, token)
    if not PHONE.fullmatch(phone):
        raise InvalidRequest("A card needs a phone number.", todo="Give the duty number with --phone.")
    groups = given.split("-")
    half = (len(groups) + 1) // 2
    lines = ((" ".join(groups[:half]), 20), (" ".join(groups[half:]), 20), (phone, 14))
    blocks = tuple({**code(text), "size": size} for text, size in lines)
    return press(Sheet(given, "zxx", "ltr", blocks, card=True))


def _first_end(record: Record) -> str:
    """Return the day before which the giver is asked again: the first on which any part of the consent ends."""
    order = (record.get("giver") or {}).get("order") or {}
    ends = [record.get("reconfirm_by"), order.get("until"), *(row["until"] for row in record.get("grants") or ())]
    return min(filter(None, ends), default="")


def _said(language: str) -> Words:
    try:
        return words(language)
    except WordsError as error:
        raise InvalidRequest("There is no paper in this language.", todo=f"Use {', '.join(LANGUAGES)}.") from error


def _given(record: Record, token: str) -> str:
    """Return the code as it is printed; whoever refused a receipt gets none."""
    if (record.get("receipt") or {}).get("given_as") == "not_given":
        raise InvalidRequest("The giver wanted no receipt.", todo="Record that one is wanted, and how it is given.")
    try:
        return parse_token(token)
    except ValueError as error:
        raise InvalidRequest("This record has no code for a receipt.") from error


# Parts of the form, in their order


def _told(said: Words, told: Notice, read: str) -> Iterable[Block]:
    yield heading(told.title)
    yield {"kind": "subtitle", "text": f"{read}. {said.labels['tick']}"}
    yield {"kind": "notice", "paragraphs": [{"heading": p.heading, "text": p.text} for p in told.paragraphs]}


def _about(said: Words, desk: Desk, record: Record) -> Iterable[Block]:
    label, subject = said.labels, record.get("subject") or {}
    yield heading(label["about"])
    yield fields(
        (label["child_code"], code_or_blank(subject.get("pseudonym"))),
        (label["age_group"], code_or_blank(subject.get("age_band"))),
        (label["organisation"], own_or_blank(desk.agency)),
        (label["worker"], ""),
        (label["date"], code_or_blank((record.get("expression") or {}).get("on"))),
        (label["place"], said.country((record.get("expression") or {}).get("place", ""))),
    )


def _asked_for(said: Words, record: Record) -> Iterable[Block]:
    yield heading(said.labels["asked_for"])
    yield _shares(said, record.get("grants") or (), asked=True)
    yield heading(said.labels["never_shared"])
    yield _denials(said, _refusals(record) or (None,) * _BLANK_DENIALS)


def _explained(said: Words, informing: Mapping[str, Any]) -> Iterable[Block]:
    label, interpreter = said.labels, informing.get("interpreter") or {}
    kind = "" if not interpreter else interpreter.get("kind") or "no_interpreter"
    none = (label["no_interpreter"], kind == "no_interpreter")
    promised = (label["interpreter_promise"], interpreter.get("confidentiality_signed") is True)
    yield heading(label["explained"])
    yield fields(
        (label["language"], code_or_blank(informing.get("language"))),
        (label["interpreter"], own_or_blank(interpreter.get("ref"))),
    )
    yield _ticks(said, label["interpreter"], _INTERPRETERS, (kind,), none, promised)
    yield _ticks(said, label["format"], _FORMATS, informing.get("format") or ())
    yield _ticks(said, label["understood"], _UNDERSTOOD, (informing.get("understanding"),))
    yield _ticks(said, "", (), (), (label["time_to_think"], informing.get("time_to_think") is True))
    yield fields((label["answer_on"], ""), (label["worker"], own_or_blank(informing.get("by"))))


def _child(said: Words, assent: Mapping[str, Any]) -> Iterable[Block]:
    label = said.labels
    yield heading(label["child_answer"])
    yield fields(
        (label["asked_by"], own_or_blank(assent.get("asked_by"))), (label["date"], code_or_blank(assent.get("at")))
    )
    yield _ticks(said, label["format"], _ASKED, (assent.get("how"),))
    answers = ("agreed", "agreed_in_part", "refused", "too_young", "not_able")
    yield _ticks(said, "", answers, (assent.get("answer"), assent.get("because")))
    yield room(6, (label["own_words"], own_or_blank(assent.get("words"))))


def _giver(said: Words, giver: Mapping[str, Any], expression: Mapping[str, Any]) -> Iterable[Block]:
    label, order, witness = said.labels, giver.get("order") or {}, expression.get("witness") or {}
    dates = " / ".join(order[name] for name in ("from", "until") if name in order)
    yield heading(label["giver"])
    yield {"kind": "ticks", "label": "", "options": [[n, giver.get("capacity") == g] for g, n in said.givers.items()]}
    yield fields(
        (label["relationship"], own_or_blank(giver.get("relationship"))),
        (label["appointed_by"], own_or_blank(order.get("body"))),
        (label["order"], code_or_blank(order.get("reference"))),
        (label["order_until"], code_or_blank(dates)),
    )
    yield text(label["giver_answer"])
    options = [[said.choices[_SIGNED.get(m, m)], expression.get("method") == m] for m in _METHODS]
    yield {"kind": "ticks", "label": "", "options": options}
    yield room(7, (label["sign_here"], ""), (label["thumb_here"], ""))
    yield heading(label["witness"])
    yield text(label["witness_needed"])
    yield _ticks(said, "", (), (), (label["independent"], witness.get("independent") is True))
    yield fields((label["code"], own_or_blank(witness.get("ref"))), (label["date"], ""))
    yield room(4, (label["sign_here"], ""))


def _rest(said: Words, desk: Desk, safety: Mapping[str, Any], given: Mapping[str, Any]) -> Iterable[Block]:
    label = said.labels
    yield heading(label["safe_contact"])
    yield _ticks(said, label["allowed"], _CONTACT, safety.get("allowed") or ())
    yield _ticks(said, label["prohibited"], _CONTACT, safety.get("prohibited") or ())
    yield heading(label["receipt_given"])
    yield _ticks(said, "", ("paper", "code_only", "read_aloud", "not_given"), (given.get("given_as"),))
    yield fields((label["why"], own_or_blank(given.get("because"))), columns=1)
    yield fields((label["complaints"], own_or_blank(desk.complaints)), (label["call"], code_or_blank(desk.phone)))
    yield room(4, (f"{label['worker']}: {label['sign_here']}", ""))


# Blocks


def _shares(said: Words, grants: Sequence[Mapping[str, Any]], *, asked: bool) -> Block:
    label = said.labels
    head = [label[name] for name in ("what", "to_whom", "why", "country", "until", "onward")]
    widths, boxes = [3, 3, 2.4, 2, 2, 2.2], []
    if asked:
        head, widths, boxes = [*head, label["yes"], label["no"]], [*widths, 0, 0], ["□", "□"]
    rows = [[*_share(said, row), *boxes] for row in grants] or [[*[""] * 6, *boxes] for _ in range(_BLANK_ROWS)]
    return {"kind": "table", "head": head, "widths": widths, "rows": rows}


def _share(said: Words, row: Mapping[str, Any]) -> list[Any]:
    onward = [_agency(name) for name in row.get("onward") or ()]
    return [
        {"list": [said.categories.get(name, name) for name in row["categories"]]},
        _agency(row["recipient"]),
        said.purposes.get(row["purpose"], row["purpose"]),
        said.country(row["country"]),
        code(row["until"]),
        {"list": onward or [said.labels["nobody"]]},
    ]


def _denials(said: Words, denials: Sequence[Mapping[str, Any] | None]) -> Block:
    label = said.labels
    rows = [["", "", ""] if row is None else _denial(said, row) for row in denials]
    head = [label[name] for name in ("what", "not_whom", "why")]
    return {"kind": "table", "head": head, "widths": [3, 3, 2], "rows": rows}


def _refusals(record: Record) -> Sequence[Mapping[str, Any]]:
    return [*(record.get("denials") or ()), *(record.get("refused") or ())]


def _denial(said: Words, row: Mapping[str, Any]) -> list[Any]:
    what = [said.categories.get(name, name) for name in row.get("categories") or ()]
    whom = (
        _agency(row["recipient"]) if row.get("recipient") else own_or_blank(row.get("party")) or said.labels["anybody"]
    )
    purpose = row.get("purpose")
    why = said.purposes.get(purpose, purpose) if purpose else said.labels["anything"]
    return [{"list": what or [said.labels["anything"]]}, whom, why]


def _agency(name: str) -> Block:
    """Return an agency's address, which may be broken where it is too long for its column."""
    return code(name.removeprefix(_SCHEME), breaks=True)


def _ticks(said: Words, label: str, names: Iterable[str], chosen: Iterable[object], *others: tuple[str, bool]) -> Block:
    ticked = set(chosen)
    options = [[said.choices[name], name in ticked] for name in names]
    return {"kind": "ticks", "label": label, "options": [*options, *map(list, others)]}


def _print(
    said: Words, title: str, blocks: Sequence[Block], told: Notice | None, record: Record, *, large: bool
) -> bytes:
    foot: list[Any] = [title]
    foot += [code(f"{told.id} {told.version} {told.language}"), code(told.sha256)] if told else []
    foot += [code(name) for name in (record.get("record"),) if name]
    page = said.labels["page"]
    return press(Sheet(title, said.language, said.direction, tuple(blocks), tuple(foot), page, large=large))
