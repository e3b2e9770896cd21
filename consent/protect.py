"""Taking places out of what is to be sent: addresses, phone numbers, accounts, coordinates, links (R13, B10).

Pure and total on any JSON; `policies/protect.json` holds the names of fields and the patterns. A field that is called
like a place or a contact goes with all that it holds; what looks like a number, an account, a position or a labelled
address goes out of any text, key or number; and what stood in such a field goes wherever it is repeated. Everything
that goes is in the answer. What this cannot promise: a place that free text names without a mark and no field held
("near the big church", a name of a mountain), a number written in words, a long number in a field of identifiers. So
the preview shows what remains, and a person reads it. Does not read attachments (`hub.client.cleaning`).
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass, field
from importlib import resources
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

DATA: Final[dict[str, Any]] = json.loads(
    resources.files("consent").joinpath("policies", "protect.json").read_text(encoding="utf-8")
)
MARK: Final = "[removed]"
DEEPEST: Final = 64
_LONGEST_PART = 80
_SHORTEST_PLACE, _SHORTEST_NUMBER = 4, 5
_WIDEST_INTEGER = 64
_HIDDEN = "\x1f"
_ALIKE: Final = str.maketrans(DATA["alike"])
_CONTROLS: Final = dict.fromkeys((n for n in (*range(32), 127) if n != ord("\n")), " ")
_WORD = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BREAK = re.compile(r"[,;:\n]+| [-/] ")


@dataclass(frozen=True, slots=True)
class Removed:
    """Something that was left out: the section, a JSON pointer inside it, and which `why` of the policy."""

    section: str
    path: str = field(repr=False)
    why: str

    @property
    def words(self) -> str:
        """What it was, for the person at the screen."""
        return str(DATA["why"][self.why])


def fold(text: str) -> tuple[str, Sequence[int]]:
    """Return the text as patterns see it, and for each of its characters the place in the original.

    Compatibility forms, accents, invisible characters and other scripts' digits and signs are what tricks and
    keyboards change; letters keep their script and case.
    """
    if text.isascii():
        return text.translate(_CONTROLS), range(len(text))
    folded: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        for part in unicodedata.normalize("NFKD", char).translate(_ALIKE):
            if found := _plain(part):
                folded.append(found)
                places.append(place)
    return "".join(folded), places


def _plain(char: str) -> str:
    if char.isascii():
        return char.translate(_CONTROLS)
    kind = unicodedata.category(char)
    if kind[0] == "M" or kind == "Cf":
        return ""
    if kind == "Nd":
        return str(unicodedata.decimal(char))
    if kind == "Pd":
        return "-"
    return char if char.isalnum() or char == "°" else " "


def words(text: str) -> list[str]:
    """Return the words of a text, folded, in small letters."""
    return [word.casefold() for word in _WORD.findall(fold(text)[0])]


def names(text: str) -> list[str]:
    """Return the words of a field's name: `homeAddress2` is called home and address."""
    return [word.rstrip("0123456789") or word for word in words(_HUMP.sub(" ", text))]


def listed(texts: Iterable[str]) -> frozenset[str]:
    """Return names as `names` would read them."""
    return frozenset(" ".join(names(text)) for text in texts)


_CALLED: Final = {
    "place": (listed(DATA["places"]["any_word"]), listed(DATA["places"]["whole"])),
    "contact": (listed(DATA["contacts"]["any_word"]), listed(DATA["contacts"]["whole"])),
}
_NOT_PLACES, _NOTES = listed(DATA["not_places"]["last_word"]), listed(DATA["notes"])
_CORRIDOR = listed(DATA["corridor"])
_IDENTIFIERS = listed(DATA["identifiers"]["any_word"])
_QUANTITIES = _IDENTIFIERS | listed(DATA["quantities"]["any_word"])
_LABELS, _LABELLED = listed(DATA["labels"]["names"]), listed(DATA["labels"]["values"])
_SAYS_NOTHING = frozenset({"", *(" ".join(words(text)) for text in DATA["says_nothing"])})
_KINDS = listed(DATA["kinds_of_place"])
_KEEP: Final = [re.compile(pattern) for pattern in DATA["keep"]["patterns"]]
_DIGITS: Final = re.compile(DATA["digits"])
_PATTERNS: Final = [(why, re.compile(pattern, re.IGNORECASE)) for why, pattern in DATA["patterns"]]


def protect_location(sections: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[Removed, ...]]:
    """Return the sections without places and contacts, and what was removed (R13). Doing it twice changes nothing."""
    repeated, removed = _repeated(sections), list[Removed]()
    kept: dict[str, Any] = {}
    for name, value in sections.items():
        work = _Work(name, repeated, removed)
        kept[_fresh(work.text(name, ""), kept)] = work.value(value, "", [], 0)
    return kept, tuple(dict.fromkeys(removed))


@dataclass(frozen=True, slots=True)
class _Work:
    """One section on its way through; `called` is the name of the field that a value stands in."""

    section: str
    repeated: re.Pattern[str] | None
    removed: list[Removed]

    def value(self, value: Any, path: str, called: Sequence[str], depth: int) -> Any:
        if isinstance(value, str):
            return self.text(value, path, called)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, (dict, list)):
            return self._whole(value, path, called, depth)
        return self._number(value, path, called)

    def _whole(self, value: Any, path: str, called: Sequence[str], depth: int) -> Any:
        if depth > DEEPEST:
            return self._mark(path, "depth")
        if isinstance(value, dict):
            return self._members(value, path, depth)
        if _is_position(value):
            return self._mark(path, "coordinates")
        return [self.value(item, f"{path}/{at}", called, depth + 1) for at, item in enumerate(value)]

    def text(self, text: str, path: str, called: Sequence[str] = ()) -> str:
        """Return the text with marks in place of what was found, until nothing more is."""
        free = not _IDENTIFIERS.isdisjoint(called)
        while found := list(_find(text, None if _CORRIDOR & {*called} else self.repeated, free=free)):
            self.removed.extend(Removed(self.section, path, why) for why, _, _ in found)
            text = _cut(text, [(start, end) for _, start, end in found])
        return text

    def _members(self, value: dict[str, Any], path: str, depth: int) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for name, item in value.items():
            safe = _fresh(self.text(name, path), kept)
            where = pointer(path, safe)
            if why := _protected(value, name):
                self.removed.append(Removed(self.section, where, why))
            else:
                kept[safe] = self.value(item, where, names(name), depth + 1)
        return kept

    def _number(self, value: float, path: str, called: Sequence[str]) -> Any:
        if _is_wide(value):
            return self._mark(path, "phone")
        found = next(_find(repr(value), free=not _QUANTITIES.isdisjoint(called)), None)
        return value if found is None else self._mark(path, found[0])

    def _mark(self, path: str, why: str) -> str:
        self.removed.append(Removed(self.section, path, why))
        return MARK


def pointer(path: str, name: object) -> str:
    """Return the JSON pointer of a member or an item."""
    return f"{path}/{str(name).replace('~', '~0').replace('/', '~1')}"


def _fresh(name: str, taken: Collection[str]) -> str:
    while name in taken:
        name += "'"
    return name


def _protected(siblings: Mapping[str, Any], name: str) -> str | None:
    """Return `place` or `contact` if a member is called like one, itself or by a label beside it, and says which."""
    called, item = names(name), siblings[name]
    if _says_nothing(item):
        return None
    if " ".join(called) not in _LABELLED:
        return _kind(called)
    labels = [value for key, value in siblings.items() if " ".join(names(key)) in _LABELS and isinstance(value, str)]
    return next((kind for label in labels if (kind := _kind(names(label)))), None)


def _kind(called: list[str]) -> str | None:
    whole, parts = " ".join(called), {*called, *(f"{one} {two}" for one, two in pairwise(called))}
    for kind, (anywhere, alone) in _CALLED.items():
        if whole in alone or (anywhere & parts and called[-1] not in _NOT_PLACES):
            return kind
    return None


def _says_nothing(value: Any) -> bool:
    if isinstance(value, str):
        return " ".join(words(value)) in _SAYS_NOTHING
    return value is None or isinstance(value, bool) or value in ([], {})


def _is_wide(value: Any) -> bool:
    return isinstance(value, int) and value.bit_length() > _WIDEST_INTEGER


def _is_position(value: list[Any]) -> bool:
    """Whether a list is a pair of decimal degrees, with or without a height, as GeoJSON has it."""
    if len(value) not in {2, 3} or not all(isinstance(number, (int, float)) for number in value):
        return False
    pair = ", ".join("0" if _is_wide(number) else repr(number) for number in value)
    return any(why == "coordinates" for why, _, _ in _find(pair, free=True))


def _find(text: str, repeated: re.Pattern[str] | None = None, *, free: bool = False) -> Iterator[tuple[str, int, int]]:
    """Yield what must go out of a text: why, from where, up to where. In `free` texts, long numbers may stay."""
    folded, places = fold(text)
    folded = folded.replace(MARK, _HIDDEN * len(MARK))
    plain = folded
    for pattern in _KEEP:
        plain = pattern.sub(lambda found: _HIDDEN * len(found[0]), plain)
    spans = [(why, found) for why, pattern in _PATTERNS for found in pattern.finditer(plain)]
    if not free:
        spans += [("phone", found) for found in _DIGITS.finditer(plain)]
    if repeated is not None:
        spans += [("repeated", found) for found in repeated.finditer(folded)]
    for why, found in spans:
        yield why, places[found.start()], places[found.end() - 1] + 1


def _cut(text: str, spans: list[tuple[int, int]]) -> str:
    """Put one mark in place of spans that touch each other or an older mark."""
    marks = [found.span() for found in re.finditer(re.escape(MARK), text)]
    parts, done = list[str](), 0
    for start, end in sorted((*spans, *marks)):
        if start >= done:
            parts += [text[done:start], MARK]
        done = max(done, end)
    return "".join((*parts, text[done:]))


def _repeated(sections: Mapping[str, Any]) -> re.Pattern[str] | None:
    """Return a pattern of all that stands in fields of places and contacts, however it is spaced elsewhere."""
    found = list(_fields(sections, 0))
    parts = {" ".join(part) for kind, text in found if kind in _CALLED for part in _parts(kind, text)}
    parts -= _SAYS_NOTHING.union(" ".join(words(text)) for kind, text in found if kind == "corridor")
    longest = sorted(parts, key=lambda part: (-len(part), part))
    bounded = (_bounded(r"[\W_]{0,4}".join(map(re.escape, part.split()))) for part in longest)
    return re.compile("|".join(bounded), re.IGNORECASE) if parts else None


def _bounded(pattern: str) -> str:
    """Keep Latin words whole; other scripts write prepositions and endings on to the word."""
    return rf"(?<![^\W_]){pattern}(?![^\W_])" if pattern.isascii() else pattern


def _fields(value: Any, depth: int, kind: str | None = None) -> Iterator[tuple[str, str]]:
    """Yield each text in a field of places, contacts or countries, with which of them it is."""
    if isinstance(value, dict) and depth <= DEEPEST:
        for name, item in value.items():
            called = names(name)
            own = _protected(value, name) or ("corridor" if _CORRIDOR & {*called} else kind)
            if own and _NOTES & {*called[-1:]}:
                continue  # a story about a place, whose words mean other things elsewhere
            yield from _fields(item, depth + 1, own)
    elif isinstance(value, list) and depth <= DEEPEST:
        for item in value:
            yield from _fields(item, depth + 1, kind)
    elif kind and (isinstance(value, str) or (isinstance(value, int) and not _is_wide(value))):
        yield kind, str(value)


def _parts(kind: str, text: str) -> Iterator[list[str]]:
    """Yield what is to be found again: the whole, its parts, and a place without its number and its kind."""
    for part in {text, *_BREAK.split(text)}:
        found = words(part)
        if len(part) > _LONGEST_PART or (part != text and part == part.lower() != part.upper()):
            continue
        if kind == "contact" and not re.search(r"[0-9@._]", fold(part)[0]):
            continue
        yield from filter(_is_telling, (found,) if kind == "contact" else (found, _numberless(found), _core(found)))


def _numberless(part: list[str]) -> list[str]:
    return _strip(part, str.isdigit)


def _core(part: list[str]) -> list[str]:
    return _strip(part, lambda word: word in _KINDS or word.isdigit())


def _strip(part: list[str], is_outer: Callable[[str], bool]) -> list[str]:
    inner = [at for at, word in enumerate(part) if not is_outer(word)]
    return part[inner[0] : inner[-1] + 1] if inner else []


def _is_telling(part: list[str]) -> bool:
    whole = "".join(part)
    shortest = _SHORTEST_NUMBER if whole.isdigit() else _SHORTEST_PLACE
    return len(whole) >= shortest and not _KINDS.issuperset(part)
