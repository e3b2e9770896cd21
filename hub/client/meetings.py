"""Records of handover meetings and the papers signed there, as own records of the agency; sealed, as all of them.

A meeting is a record of kind `handover`: the own document, the other side's as it came, the numbers of the forms that
were printed. A scan is a record of its own, of kind `scan`, and the meeting holds its hashes: whoever changes one of
the two is found out when it is read. Sends nothing: `document` is what goes to the other side as a section.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hub.client import access, handover, records
from hub.client.cleaning import MOST_PAGES, clean_scan, read_file
from hub.client.handover import Document, Merged, Side
from hub.client.member import workspace
from hub.client.profile import write_private
from hub.errors import BadSignature, NotFound
from hub.keys.certificates import CASE_ROLES
from hub.packets import shapes as a
from hub.packets.encoding import b64u, sha256

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from hub.client.member import Member
    from hub.client.records import Record

KIND, SCAN = "handover", "scan"
_PRINTED = a.at_least({"form": a.text, "kind": a.one_of(*handover.FORMS), "language": a.text, "at": a.seconds})
_KEPT = a.at_least({"form": a.text, "source": a.hash_, "record": a.identifier})
_VALUE = a.at_least(
    {
        "v": a.integer(1),
        "case": a.null_or(a.identifier),
        "leg": a.null_or(a.identifier),
        "mine": handover.FORM,
        "theirs": a.null_or(handover.FORM),
        "forms": a.list_of(_PRINTED, 100),
        "scans": a.list_of(_KEPT, 100),
    }
)
_SCAN = a.at_least(
    {"handover": a.identifier, "form": a.text, "source": a.hash_, "files": a.list_of(a.text, MOST_PAGES, 1)}
)


@dataclass(frozen=True, slots=True)
class Meeting:
    """A handover meeting as this agency keeps it; `case` is the record of the case file, `leg` the handoff."""

    record: str
    value: Mapping[str, Any] = field(repr=False)

    @property
    def case(self) -> str | None:
        """The record of the case file."""
        return self.value["case"]  # type: ignore[no-any-return]  # _VALUE checked it

    @property
    def leg(self) -> str | None:
        """The leg of the transfer."""
        return self.value["leg"]  # type: ignore[no-any-return]  # _VALUE checked it

    @property
    def side(self) -> Side:
        """Which side this agency is."""
        return Side(self.value["mine"]["side"])

    @property
    def merged(self) -> Merged:
        """What both sides say, and where they say different things."""
        return handover.merge(self.value["mine"], self.value["theirs"])

    @property
    def document(self) -> Document:
        """What goes to the other side, in the section `handover`."""
        return self.merged.document

    def printed(self, number: str) -> Mapping[str, Any] | None:
        """Return what is known of a form of this meeting, or None."""
        return next((row for row in self.value["forms"] if row["form"] == number), None)


@dataclass(frozen=True, slots=True)
class Scan:
    """A signed paper that came back: which form, the hash of the file as it was scanned and of each page kept."""

    form: str
    kind: str
    source: str
    files: tuple[str, ...]
    record: str


def begin(
    member: Member,
    side: Side,
    facts: Mapping[str, Any] | None = None,
    *,
    case: str | None = None,
    leg: str | None = None,
) -> Meeting:
    """Begin the record of a meeting.

    Raises:
        InvalidRequest: a fact is not of its form.
    """
    mine = handover.change(handover.draft(side), facts or {})
    return _begin(member, mine, None, case, leg)


def receive(member: Member, document: object, *, case: str | None = None, leg: str | None = None) -> Meeting:
    """Keep what the other side says of a meeting beside the own record, or begin one for it; the same again is nothing.

    Raises:
        Malformed: it is no such document.
        Conflict: it is of this agency's own side.
    """
    theirs = handover.check(document)
    known = next((row for row in listing(member) if row.value["mine"]["meeting"] == theirs["meeting"]), None)
    if known is None:
        return _begin(member, handover.draft(Side(theirs["side"]).other, theirs["meeting"]), theirs, case, leg)
    handover.merge(known.value["mine"], theirs)
    more = {name: value for name, value in (("case", case), ("leg", leg)) if value and known.value[name] is None}
    return _keep(member, known, {"theirs": theirs, **more})


def load(member: Member, record: str, why: str | None = None) -> Meeting:
    """Return a meeting.

    Raises:
        NotFound: there is none, or it is of no form that is known here.
        InvalidRequest: a colleague's, and the member did not say `why` (R46).
    """
    found = _read(access.open_record(member, records.get(member, record, KIND), why))
    if found is None:
        raise NotFound("There is no such record of a handover.")
    return found


def listing(member: Member) -> list[Meeting]:
    """Return the meetings of the agency, those touched last first."""
    return [found for row in records.listing(member, KIND) if (found := _read(row)) is not None]


def of_leg(member: Member, leg: str) -> Meeting | None:
    """Return the meeting in which a leg was handed over, or None."""
    return next((held for held in listing(member) if held.leg == leg), None)


def change(member: Member, meeting: Meeting, facts: Mapping[str, Any]) -> Meeting:
    """Say facts of a meeting, each in the place of the old one.

    Raises:
        InvalidRequest: a fact is not of its form.
    """
    return _keep(member, meeting, {"mine": handover.change(meeting.value["mine"], facts)})


def tick(member: Member, meeting: Meeting, items: Iterable[str], reason: str | None = None) -> Meeting:
    """Tick items for the own side, or give the reason why not.

    Raises:
        NotFound: no such item.
    """
    row = {item["item"]: item for item in meeting.document["checklist"]}
    own = {item["item"] for item in meeting.value["mine"]["checklist"]}
    added = [{**row[item], **dict.fromkeys(Side)} for item in items if item in row and item not in own]
    mine = {**meeting.value["mine"], "checklist": [*meeting.value["mine"]["checklist"], *added]}
    return _keep(member, meeting, {"mine": handover.tick(mine, items, member.id, member.clock.now(), reason)})


def add_form(member: Member, meeting: Meeting, kind: str, language: str, number: str) -> Meeting:
    """Note a form that was printed with its number, so that it is known when it comes back signed."""
    row = {"form": number, "kind": kind, "language": language, "at": member.clock.now()}
    return _keep(member, meeting, {"forms": [*meeting.value["forms"], row]})


def scan(member: Member, form: str, path: Path) -> Scan:
    """Keep a signed form that was scanned or photographed, without its metadata, beside whatever was kept before.

    Raises:
        NotFound: no form of this number was printed here.
        InvalidRequest: no photo or PDF, locked, several in one, or too large.
    """
    meeting, number, source = _of_form(member, form), handover.form_number(form), b64u(sha256(read_file(path)))
    known = next((row for row in scans(meeting) if (row.form, row.source) == (number, source)), None)
    if known is not None:
        return known
    with workspace() as folder:
        pages = clean_scan(path, folder)
        value = {"handover": meeting.record, "form": number, "source": source, "files": [one.name for one in pages]}
        record = records.put(member, SCAN, value, attachments=pages, roles=CASE_ROLES)
        hashes = [b64u(sha256(one.read_bytes())) for one in pages]
    kind = str((meeting.printed(number) or {})["kind"])
    signed = {"form": number, "kind": kind, "source": source, "files": hashes}
    mine = {**meeting.value["mine"], "signed": [*meeting.value["mine"]["signed"], signed]}
    kept = {"form": number, "source": source, "record": record}
    _keep(member, meeting, {"mine": mine, "scans": [*meeting.value["scans"], kept]})
    return Scan(number, kind, source, tuple(hashes), record)


def scans(meeting: Meeting) -> list[Scan]:
    """Return the papers of a meeting that were scanned here, in the order in which they came."""
    where = {(row["form"], row["source"]): row["record"] for row in meeting.value["scans"]}
    rows = meeting.value["mine"]["signed"]
    named = ((row, where.get((row["form"], row["source"]))) for row in rows)
    return [Scan(r["form"], r["kind"], r["source"], tuple(r["files"]), record) for r, record in named if record]


def fetch(member: Member, scanned: Scan, into: Path) -> list[Path]:
    """Write the pages of a scan into a folder, once each is the one whose hash stands in the meeting's record.

    Raises:
        BadSignature: the scan or the record was changed; nothing is written.
    """
    with workspace() as folder:
        row = records.get(member, scanned.record, SCAN, folder)
        if not records.of_form(row, _SCAN) or row.value["form"] != scanned.form:
            raise _changed()
        names: list[str] = row.value["files"]
        if set(names) != set(row.attachments):
            raise _changed()
        pages = [(folder / name).read_bytes() for name in names]
        if tuple(b64u(sha256(page)) for page in pages) != scanned.files:
            raise _changed()
    return [_write(page, into, scanned, n, names[n]) for n, page in enumerate(pages)]


def pages(member: Member, meeting: Meeting, into: Path) -> list[Path]:
    """Write the pages of all signed papers of a meeting into a folder, as attachments of what goes to the other side.

    Raises:
        BadSignature: one of them was changed.
    """
    return [path for scanned in scans(meeting) for path in fetch(member, scanned, into)]


def verify_file(member: Member, form: str, path: Path) -> Scan:
    """Return the scan that a file is a page of, or was made from: the very bytes, not what they look like.

    Raises:
        BadSignature: it is no file of this form's scans, or was changed since.
        NotFound: no form of this number was printed here.
    """
    meeting, number, said = _of_form(member, form), handover.form_number(form), b64u(sha256(read_file(path)))
    found = next((row for row in scans(meeting) if row.form == number and said in {row.source, *row.files}), None)
    if found is None:
        raise _changed()
    return found


def _of_form(member: Member, form: str) -> Meeting:
    number = handover.form_number(form)
    found = next((row for row in listing(member) if row.printed(number)), None)
    if found is None:
        raise NotFound("No form of this number was printed by your agency.", todo="Read the number from the paper.")
    return found


def _begin(member: Member, mine: Document, theirs: Document | None, case: str | None, leg: str | None) -> Meeting:
    value: dict[str, Any] = {"v": 1, "case": case, "leg": leg, "mine": mine, "theirs": theirs, "forms": [], "scans": []}
    return Meeting(records.put(member, KIND, value, roles=CASE_ROLES), value)


def _keep(member: Member, meeting: Meeting, changes: Mapping[str, Any]) -> Meeting:
    value = {**meeting.value, **changes}
    if value != meeting.value:
        records.put(member, KIND, value, handoff=meeting.record, roles=CASE_ROLES)
    return Meeting(meeting.record, value)


def _read(row: Record) -> Meeting | None:
    return Meeting(row.handoff, row.value) if records.of_form(row, _VALUE) else None


def _write(page: bytes, into: Path, scanned: Scan, number: int, name: str) -> Path:
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = into / f"{scanned.form}-{scanned.record[:6]}-{number + 1}.{name.rpartition('.')[2]}"
    write_private(path, page)
    return path


def _changed() -> BadSignature:
    return BadSignature(
        "This is not the paper that was scanned: it was changed, or is another one.",
        todo="Scan the signed paper again, and tell your data officer.",
    )
