"""Words of a text in the form in which they are stored and looked up, in every script. Pure; decides no match.

Rules: who writes without marks finds what has them, and the other way round, in Latin, Greek, Cyrillic, Arabic and
Hebrew; vowel signs of Indic scripts are letters and stay. Letters that are written for one another (alef and yaa in
Arabic, the syllables of one sound in Ethiopic) are one. Scripts without spaces are cut into pairs.
"""
# ruff: noqa: RUF001 - letters of all scripts are what this is about

from __future__ import annotations

import re
import unicodedata
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Final

from rapidfuzz.distance import DamerauLevenshtein

if TYPE_CHECKING:
    from collections.abc import Iterable

SHORT: Final = 4
LONG: Final = 8
"""A word of at least SHORT letters may have one typing error, one of at least LONG letters two."""

_MARKS: Final = re.compile(
    r"[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed]"
)
_ETHIOPIC: Final = {
    ord(old) + vowel: ord(new) + vowel
    for old, new in (("ሐ", "ሀ"), ("ኀ", "ሀ"), ("ኸ", "ሀ"), ("ሠ", "ሰ"), ("ዐ", "አ"), ("ፀ", "ጸ"))
    for vowel in range(7)
}
_LETTERS: Final = _ETHIOPIC | str.maketrans(
    {"ı": "i", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th"}
    | {"ٱ": "ا", "ى": "ي", "ی": "ي", "ې": "ي", "ة": "ه", "ہ": "ه", "ھ": "ه", "ک": "ك", "ـ": ""}
    | dict.fromkeys("’‘ʻʼ`′＇", "'")
)
_INITIALS: Final = re.compile(r"(?<!\w)(?:[^\W\d_]\.){2,}[^\W\d_]?(?!\w)")
_ELISION: Final = re.compile(r"(?<!\w)(?:[cdjlmnst]|qu)'(?=\w)")
_OWNER: Final = re.compile(r"'s?(?!\w)")
_ASCII: Final = re.compile(r"[a-z0-9]+")
_ARTICLE: Final = re.compile(r"(?:و|ب|ف|ك)?ال(?=\w{3})")
_UNSPACED: Final = (
    *((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x31F0, 0x31FF), (0x3400, 0x4DBF)),
    *((0x4E00, 0x9FFF), (0xA9E0, 0xA9FF), (0xAA60, 0xAA7F), (0xF900, 0xFAFF), (0x20000, 0x3FFFF)),
)
_LAST_SPACED: Final = 0x0DFF


def words(text: str) -> list[str]:
    """Return the words of a text, in their order, each in the one form that all its spellings share."""
    plain = text.casefold() if text.isascii() else _plain(text)
    plain = _INITIALS.sub(lambda found: found[0].replace(".", ""), plain.replace("`", "'"))
    plain = _OWNER.sub("", _ELISION.sub(" ", plain)).replace("'", "")
    if plain.isascii():
        return _ASCII.findall(plain)
    runs = (_run(letters) for spaced, letters in groupby(plain, key=_is_letter) if spaced)
    return [word for run in runs for word in run]


def near(word: str, vocabulary: Iterable[str]) -> list[tuple[str, float]]:
    """Return the words that somebody who mistyped may have meant, best first, with how alike they are, up to 1.

    Letters left out, added, changed or swapped with their neighbour count one each.
    """
    if len(word) < SHORT:
        return []
    most = 2 if len(word) >= LONG else 1
    counted = ((other, DamerauLevenshtein.distance(word, other, score_cutoff=most)) for other in vocabulary)
    found = [(other, 1 - errors / len(word)) for other, errors in counted if errors <= most]
    return sorted(found, key=lambda row: (-row[1], row[0]))


def _plain(text: str) -> str:
    apart = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    bare = unicodedata.normalize("NFC", _MARKS.sub("", apart)).translate(_LETTERS)
    return "".join(_character(letter) for letter in bare)


def _character(letter: str) -> str:
    kind = unicodedata.category(letter)
    if kind == "Nd":
        return str(unicodedata.digit(letter))
    return "" if kind == "Cf" else letter


def _is_letter(letter: str) -> bool:
    return letter.isalnum() or unicodedata.category(letter)[0] == "M"


def _run(letters: Iterable[str]) -> list[str]:
    found: list[str] = []
    for unspaced, part in groupby(letters, key=_is_unspaced):
        if unspaced:
            found += _pairs(list(part))
        else:
            found.append(_bare("".join(part)))
    return found


def _bare(word: str) -> str:
    """Return an Arabic word without its article, whatever hangs before it."""
    found = _ARTICLE.match(word)
    return word if found is None else word[found.end() :]


def _pairs(letters: list[str]) -> list[str]:
    syllables: list[str] = []
    for letter in letters:
        if syllables and unicodedata.category(letter)[0] == "M":
            syllables[-1] += letter
        else:
            syllables.append(letter)
    return [first + second for first, second in pairwise(syllables)] or syllables


def _is_unspaced(letter: str) -> bool:
    code = ord(letter)
    return code > _LAST_SPACED and any(low <= code <= high for low, high in _UNSPACED)
