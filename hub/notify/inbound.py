"""What people text back: rows of the little of it that this hub understands.

Nothing else is ever stored: a text may say anything about anybody. The grammar is closed: at most six digits (a code,
or 1 for yes and 2 for no) or a word for yes or no, as the first word of the text. Digits of any script count, as phones
write them. A text that says something else is a row with an empty body: that somebody answered is known, what they said
is not. Does not know what was asked; `hub.notify.sms` is how texts go out.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from sqlalchemy import BigInteger, Column, Index, String, Table, delete, select

from hub.db import Store, metadata
from hub.notify.numbers import checked_number
from hub.notify.templates import answer_words

YES: Final = "1"
NO: Final = "2"
_MOST_READ = 400
_DIGITS = re.compile(r"[0-9]{1,6}")
_SAID = {word: digit for said, digit in (("yes", YES), ("no", NO)) for word in answer_words(said)}

inbound_texts = Table(
    "inbound_texts",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("number", String(16), nullable=False),
    Column("body", String(20), nullable=False),
    Column("at", BigInteger, nullable=False),
    Index(None, "number", "at"),
)


@dataclass(frozen=True, slots=True)
class Inbound:
    """A text that came: from which number, what was understood of it (`1`, `2`, up to six digits, or nothing)."""

    id: str
    number: str
    body: str
    at: int


class InboundTexts(Store):
    """Texts that came in, in the caller's transaction."""

    def put(self, identifier: str, number: str, text: str, now: int) -> bool:
        """Keep what is understood of a text; return False where it had come before.

        Raises:
            InvalidRequest: the number is none.
        """
        kept = {"number": checked_number(number), "body": understood(text), "at": now}
        return self._add(inbound_texts, id=identifier[:100], **kept)

    def answers_from(self, number: str, since: int) -> list[Inbound]:
        """Return the texts of a number since a second, oldest first."""
        here = (inbound_texts.c.number == number) & (inbound_texts.c.at >= since)
        rows = self._all(select(inbound_texts).where(here).order_by(inbound_texts.c.at, inbound_texts.c.id))
        return [Inbound(**row) for row in rows]

    def purge(self, before: int) -> int:
        """Delete what came before `before`."""
        return self._run(delete(inbound_texts).where(inbound_texts.c.at < before))


def understood(text: str) -> str:
    """Return what the first word of a text says: digits, `1` for yes, `2` for no, or nothing."""
    first = next(iter(re.split(r"[^\w]+", _plain(text[:_MOST_READ]).strip(" \t\r\n.,:;!-'\"()"), maxsplit=1)), "")
    return first if _DIGITS.fullmatch(first) else _SAID.get(first, "")


def _plain(text: str) -> str:
    """Return a text in lower case, digits as ASCII, without accents and joiners."""
    letters = unicodedata.normalize("NFKD", text).casefold()
    return "".join(
        str(unicodedata.decimal(letter)) if letter.isdecimal() else letter
        for letter in letters
        if not unicodedata.combining(letter) and unicodedata.category(letter) != "Cf"
    )
