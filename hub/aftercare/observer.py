"""The local observer's tiny form, and texts that do not give a family away. Pure.

An observer has no file, no account and no name of the child on paper: four letters that mean a child to the agency
alone, and one of three marks. What comes by SMS or on paper is typed in by the worker, with the evidence (H4, H7).
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from hub.errors import InvalidRequest, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LETTERS: Final = "ABCDEFGHJKMNPQRSTVWXYZ"
"""Letters of a mark that are not taken for one another or for a digit."""
MARK_LENGTH: Final = 4
_TEXT = re.compile(rf"([{LETTERS}]{{{MARK_LENGTH}}})[\s.,:;-]*([123])[\s.]*")
_SHORTEST = 3


class Sign(StrEnum):
    """What an observer can say."""

    FINE = "fine"
    CONCERN = "concern"
    CALL_ME = "call_me"


_DIGITS = {"1": Sign.FINE, "2": Sign.CONCERN, "3": Sign.CALL_ME}


@dataclass(frozen=True, slots=True)
class Signal:
    """What an observer said about the child that a mark stands for."""

    mark: str
    sign: Sign

    @property
    def alert(self) -> bool:
        """Whether somebody is to be told at once (H5)."""
        return self.sign is not Sign.FINE


@dataclass(frozen=True, slots=True)
class Form:
    """The words of the form in one language; who prints it puts the mark and the number there."""

    language: str
    title: str
    how: str
    answers: tuple[str, str, str]
    columns: tuple[str, str]
    foot: str


@dataclass(frozen=True, slots=True)
class Discretion:
    """How not to draw attention to a family: under what name somebody calls, and whether texts may be sent at all."""

    caller: str = ""
    texts: bool = True
    note: str = ""


def read(text: str) -> Signal:
    """Return what a text or a paper says: four letters and 1, 2 or 3.

    Raises:
        InvalidRequest: it is none; nothing of it is repeated.
    """
    found = _TEXT.fullmatch(_digits(text).upper().strip())
    if found is None:
        raise InvalidRequest(
            "This is no observer's code.", todo="It is four letters and 1, 2 or 3. Ask the observer if it is unclear."
        )
    return Signal(found[1], _DIGITS[found[2]])


def form(language: str) -> Form:
    """Return the words of the form.

    Raises:
        NotFound: there are none in this language.
    """
    said = _words(language)["form"]
    return Form(language, said["title"], said["how"], tuple(said["answers"]), tuple(said["columns"]), said["foot"])


def text(language: str, kind: str, discretion: Discretion, hidden: Iterable[str] = ()) -> str:
    """Return a text that says nothing of a child, an agency or a service; `hidden` are their names.

    Raises:
        InvalidRequest: this family is not to be sent texts, or the name of the caller would show one of those.
        NotFound: there is no such text.
    """
    if not discretion.texts:
        raise InvalidRequest("This family is to get no texts.", todo="See how they want to be reached.", rule="R41")
    said = _words(language)["texts"]
    if kind not in said:
        raise NotFound("There is no such text.", todo=f"There are: {', '.join(sorted(said))}.")
    found = str(said[kind]).format(caller=discretion.caller or said["caller"])
    if reveals(found, hidden):
        raise InvalidRequest(
            "This text would show who calls, or about whom.", todo="Agree with the family on another name.", rule="R41"
        )
    return found


def reveals(words: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return which of these names a text would show, however they are written: of child, agency, service."""
    plain = f" {_plain(words)} "
    parts = {part for name in names for part in [_plain(name), *_plain(name).split()] if len(part) >= _SHORTEST}
    return tuple(sorted(part for part in parts if f" {part} " in plain))


def _plain(words: str) -> str:
    letters = unicodedata.normalize("NFKD", words.casefold())
    kept = (c if c.isalnum() else " " for c in letters if not unicodedata.combining(c))
    return " ".join("".join(kept).split())


def _digits(words: str) -> str:
    """Return a text with the digits of any script as ASCII ones."""
    return "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in words)


@cache
def _all() -> Mapping[str, Any]:
    return dict(json.loads(resources.files("hub.aftercare").joinpath("observer.json").read_text("utf-8")))


def _words(language: str) -> Mapping[str, Any]:
    if language not in _all():
        raise NotFound("There are no words in this language.", todo=f"There are: {', '.join(sorted(_all()))}.")
    return dict(_all()[language])
