"""The case file: all sections of one child's case, as an own record of the agency, sealed to it alone.

The file begins empty, or with what another agency handed over; `case` is the reference in the register of who is
responsible, `legs` the transfers by which the case came or goes. Papers are own records beside it (`paper`), so that a
change of one word does not seal them anew. What this program does not know is kept as it came. What is missing, and
what is still to be asked, is reckoned in `hub.casefile.sections`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hub.casefile.sections import considerations, forms
from hub.casefile.sections.situation import unsafe
from hub.client import access, basis, protection, records
from hub.client.member import workspace
from hub.errors import BadSignature, Conflict, Malformed, NotFound, TooLarge
from hub.ids import random_id
from hub.keys.certificates import CASE_ROLES
from hub.packets import shapes as a
from hub.packets.encoding import b64u, sha256
from hub.packets.tar import check_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hub.client.member import Member
    from hub.client.reading import Shown
    from hub.client.records import Record, Version

KIND, PAPER = "case", "paper"
VERSION = 1
MAX_PAPER = 32 * 1024 * 1024
_FORM = a.at_least(
    {
        "v": a.integer(1),
        "case": a.null_or(a.identifier),
        "sections": a.at_least({}),
        "legs": a.list_of(a.identifier, 1000),
    }
)
_PAPER = a.at_least({"v": a.integer(1), "case": a.identifier, "document": a.text, "sha256": a.random_bytes(32)})
_SUFFIX = re.compile(r"\.[a-z0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case file as it was read. `record` names it in other own records; `case` is its reference in the register."""

    record: str
    value: Mapping[str, Any] = field(repr=False)
    manifest: str
    began: int
    at: int
    begun_by: str
    by: str

    @property
    def case(self) -> str | None:
        """The reference in the register of the own hub, once it was opened there."""
        return self.value["case"]  # type: ignore[no-any-return]  # _FORM checked it

    @property
    def sections(self) -> Mapping[str, Any]:
        """The sections by name, those of newer forms among them."""
        return self.value["sections"]  # type: ignore[no-any-return]  # _FORM checked it

    @property
    def legs(self) -> tuple[str, ...]:
        """The handoffs by which the case came or goes, in the order in which they were named."""
        return tuple(self.value["legs"])

    @property
    def reference(self) -> str | None:
        """What the agency calls the case: no name."""
        contact = self.sections.get("minimal_contact")
        said = contact.get("reference") if isinstance(contact, dict) else None
        return said if isinstance(said, str) else None


def new(member: Member, sections: Mapping[str, Any] | None = None) -> CaseFile:
    """Begin a case file.

    Raises:
        InvalidRequest: a section is not of its form.
    """
    given = {name: forms.changed(name, None, document) for name, document in (sections or {}).items()}
    if not unsafe(given, ""):
        return keep(member, given)
    held = keep(member, {})  # the alert names it, and is raised before what it is about is kept
    protection.warn(member, held.record, {}, given)
    return _put(member, {**held.value, "sections": given}, held)


def keep(member: Member, sections: Mapping[str, Any], *, case: str | None = None, leg: str | None = None) -> CaseFile:
    """Begin a case file with what another agency handed over, as it came: nothing is refused or dropped."""
    legs = [leg] if leg else []
    return _put(member, {"v": VERSION, "case": case, "sections": dict(sections), "legs": legs})


def receive(member: Member, leg: str, came: Sequence[tuple[str, Mapping[str, Any]]]) -> CaseFile:
    """Keep what came by a leg, packet by packet, as a case file; what came later is put in where it is not kept yet.

    A section that the own agency has changed since stays as it is: nobody writes over what was found here.
    """
    held, packets = of_leg(member, leg), [packet for packet, _ in came]
    known = held.value.get("came", []) if held else []
    before: dict[str, Any] = {}
    now: dict[str, Any] = {}
    for packet, sections in came:
        now |= sections
        before |= sections if packet in known else {}
    if held is None:
        return _put(member, {"v": VERSION, "case": None, "sections": now, "legs": [leg], "came": packets})
    if set(packets) <= set(known):
        return held
    ours = held.sections
    new = {
        name: value for name, value in now.items() if value != before.get(name) and ours.get(name) == before.get(name)
    }
    return _put(member, {**held.value, "sections": {**ours, **new}, "came": packets}, held)


def load(
    member: Member, record: str, why: str | None = None, version: str | None = None, through: Shown | None = None
) -> CaseFile:
    """Return a case file, or the version of it that `version`, a manifest, names; `through` a leg that is theirs.

    Raises:
        NotFound: there is none; InvalidRequest: it is a colleague's, and the member did not say `why` (R46).
    """
    found = records.get(member, record, KIND, version=version)
    if not records.of_form(found, _FORM):
        raise NotFound("There is no such case file.", todo="See `hub case list`.")
    return _read(access.open_record(member, found, why, through))


def listing(member: Member) -> list[CaseFile]:
    """Return the agency's case files, those changed last first: to be shown by record and reference alone (R46)."""
    return [_read(row) for row in records.listing(member, KIND) if records.of_form(row, _FORM)]


def history(member: Member, record: str) -> list[Version]:
    """Return who changed a case file when, the first version first; `load` reads each."""
    return records.versions(member, record)


def update(member: Member, record: str, section: str, change: Mapping[str, Any], why: str | None = None) -> CaseFile:
    """Change a section by what is different in it, as `forms.changed` has it; what is the same puts nothing.

    Raises:
        InvalidRequest: the outcome is not of its form, or somebody else's program is newer; then nothing changes.
    """
    held = load(member, record, why)
    sections = {**held.sections, section: forms.changed(section, held.sections.get(section), change)}
    if sections == held.sections:
        return held
    protection.warn(member, record, held.sections, sections)  # first: said again after a crash, it is not lost
    return _put(member, {**held.value, "sections": sections}, held)


def answer(member: Member, record: str, question: str, words: str, why: str | None = None) -> CaseFile:
    """Answer a key consideration; the answer stands in the section that it feeds.

    Raises:
        NotFound: there is no such question.
    """
    section, change = considerations.answer(question, words, basis.today(member), member.id)
    return update(member, record, section, change, why)


def link(
    member: Member, record: str, *, case: str | None = None, leg: str | None = None, why: str | None = None
) -> CaseFile:
    """Say by which reference the register knows the case, or that a leg of a transfer moves it; twice is once."""
    held = load(member, record, why)
    value = {**held.value, "case": case or held.case}
    if leg and leg not in held.legs:
        value["legs"] = [*held.legs, leg]
    return held if value == held.value else _put(member, value, held)


def of_leg(member: Member, leg: str) -> CaseFile | None:
    """Return the case file that a leg of a transfer moves, or None."""
    return next((held for held in listing(member) if leg in held.legs), None)


def attach(member: Member, record: str, path: Path, facts: Mapping[str, Any], why: str | None = None) -> CaseFile:
    """Keep a paper and name it in the section `documents`, with its hash and with `facts`, such as type and issuer.

    A file that stands there already is not kept twice; facts that changed are.

    Raises:
        InvalidRequest: the facts are not of their form. TooLarge: the file is.
    """
    held = load(member, record, why)
    if path.stat().st_size > MAX_PAPER:
        raise TooLarge("A paper is at most 32 MiB.", todo="Scan it anew, smaller.")
    data = path.read_bytes()
    rows, named = _items(held), _named(path, data)
    known = next((row for row in rows if row.get("sha256") == named["sha256"] and _is_named(row)), named)
    row = {**known, **facts}
    items = [*(item for item in rows if item is not known), row]
    documents = forms.changed("documents", held.sections.get("documents"), {"items": items})
    if not any(paper.value["document"] == row["id"] for paper in _papers(member, held)):
        with workspace() as folder:
            (folder / row["attachment"]).write_bytes(data)
            value = {"v": VERSION, "case": record, "document": row["id"], "sha256": row["sha256"]}
            records.put(member, PAPER, value, attachments=[folder / row["attachment"]], roles=CASE_ROLES)
    sections = {**held.sections, "documents": documents}
    return held if sections == held.sections else _put(member, {**held.value, "sections": sections}, held)


def papers(member: Member, held: CaseFile, into: Path) -> list[Path]:
    """Write the papers of a case file into a folder, each once its hash is the one in the file; return their paths.

    Raises:
        BadSignature: a paper is not the one that the file names; it is not written.
    """
    named = {row["id"]: row for row in _items(held) if isinstance(row.get("id"), str)}
    rows = [row for row in _papers(member, held) if row.value["document"] in named]
    return [_fetch(member, row, named[row.value["document"]], into) for row in reversed(rows)]


def _papers(member: Member, held: CaseFile) -> list[Record]:
    rows = [row for row in records.listing(member, PAPER) if records.of_form(row, _PAPER)]
    return [row for row in rows if row.value["case"] == held.record]


def _fetch(member: Member, row: Record, named: Mapping[str, Any], into: Path) -> Path:
    with workspace() as folder:
        records.get(member, row.handoff, PAPER, folder)
        data = {name: (folder / name).read_bytes() for name in row.attachments}
    found = data.get(str(named.get("attachment")))
    if found is None or b64u(sha256(found)) != named.get("sha256"):
        raise BadSignature("A paper is not the one that the case file names.")
    path = into / str(named["attachment"])
    path.write_bytes(found)
    return path


def _items(held: CaseFile) -> list[dict[str, Any]]:
    documents = held.sections.get("documents")
    rows = documents.get("items") if isinstance(documents, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _is_named(row: Mapping[str, Any]) -> bool:
    """Whether a row names a file as a packet may: another agency's row does not choose where something is written."""
    try:
        return isinstance(row.get("id"), str) and "/" not in check_name(row.get("attachment"))
    except Malformed:
        return False


def _named(path: Path, data: bytes) -> dict[str, Any]:
    """Return a row for a new paper: under a name that says nothing, whatever the file was called."""
    number, suffix = random_id(), path.suffix.lower()
    name = f"paper-{number}{suffix if _SUFFIX.fullmatch(suffix) else ''}"
    return {"id": number, "state": "obtained", "attachment": name, "sha256": b64u(sha256(data))}


def _put(member: Member, value: Mapping[str, Any], held: CaseFile | None = None) -> CaseFile:
    if value["v"] > VERSION:
        raise Conflict("This case file was written by a newer release.", todo="Install the newer release.")
    _FORM(value)
    record = records.put(member, KIND, value, handoff=held.record if held else None, roles=CASE_ROLES)
    return _read(records.get(member, record, KIND))


def _read(row: Record) -> CaseFile:
    return CaseFile(row.handoff, row.value, row.manifest, row.began, row.at, row.begun_by.member, row.by.member)
