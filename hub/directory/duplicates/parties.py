"""What is compared of records: names in all languages, numbers in one form, domains, areas. Pure.

Takes documents as any partner sees them, so that a proposal says nothing of what is hidden.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import phonenumbers

from hub.directory.duplicates.names import Name, Patterns, acronym, compared
from hub.directory.duplicates.pairs import Party
from hub.directory.records.record import PROVIDER, SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_PUBLIC_MAIL: Final = re.compile(
    r"(?:gmail|googlemail|yahoo|ymail|hotmail|outlook|live|msn|icloud|aol|proton|protonmail|mail)\.[a-z.]+\Z"
)
_HOST: Final = re.compile(r"(?:https?://)?(?:www\.)?([a-z0-9.-]+\.[a-z]{2,})(?:[:/?#].*)?\Z", re.IGNORECASE)
_DIGITS: Final = 7


def party(
    kind: str, document: Mapping[str, Any], areas: Iterable[str], patterns: Patterns | None = None, country: str = ""
) -> Party:
    """Return what is compared of a record; `areas` are those it is in, `country` that of its telephone numbers."""
    home = str(document.get("country") or country)
    return Party(
        id=document["id"],
        names=tuple(_names(document, patterns)),
        acronyms=frozenset({acronym(document["acronym"])} if document.get("acronym") else ()),
        kind=str(document.get("kind", "")) if kind == PROVIDER else kind,
        country=home,
        within=str(document.get("organization_id", "")) if kind == SERVICE else "",
        identifiers=frozenset(_identifiers(document)),
        phones=frozenset(_phones(document, home)),
        domains=frozenset(_domains(document)),
        areas=frozenset(areas),
        needs=frozenset(document.get("needs", ())),
    )


def phone(number: str, country: str = "") -> str:
    """Return a telephone number in its one international form; its digits where it has none; empty if too short."""
    try:
        parsed = phonenumbers.parse(number, country or None)
        if phonenumbers.is_possible_number(parsed):
            return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
    except phonenumbers.NumberParseException:
        pass
    digits = re.sub(r"\D", "", number)
    return digits if len(digits) >= _DIGITS else ""


def _names(document: Mapping[str, Any], patterns: Patterns | None) -> list[Name]:
    said = [document["name"], document.get("alternate_name"), *document.get("names", ())]
    said += [row["name"]["text"] for row in document.get("translations", {}).values() if "name" in row]
    return list(dict.fromkeys(name for text in said if text for name in compared(str(text), patterns)))


def _identifiers(document: Mapping[str, Any]) -> Iterator[str]:
    for row in document.get("organization_identifiers") or ():
        scheme = row.get("identifier_scheme") or row.get("identifier_type") or ""
        if row.get("identifier"):
            yield f"{scheme} {row['identifier']}".casefold()
    if document.get("external_identifier"):
        yield f"{document.get('external_identifier_type') or ''} {document['external_identifier']}".casefold()
    if document.get("agency"):
        yield str(document["agency"])


def _phones(document: Mapping[str, Any], country: str) -> Iterator[str]:
    rows = [*(document.get("phones") or ())]
    rows += [row for contact in document.get("contacts") or () for row in contact.get("phones") or ()]
    yield from (found for row in rows if (found := phone(str(row.get("number", "")), country)))


def _domains(document: Mapping[str, Any]) -> Iterator[str]:
    said = [document.get("website"), document.get("url"), str(document.get("email") or "").rpartition("@")[2]]
    for text in said:
        found = _HOST.match(str(text or "").strip())
        if found and not _PUBLIC_MAIL.match(found[1].lower()):
            yield found[1].lower()
