"""The spreadsheet that goes to a provider and comes back: three sheets, one row a record, XLSX or CSV. Pure.

A blank cell changes nothing, a row that is not there changes nothing; the word DELETE (or its translation) takes a
value away. A row without id is a new record. A cell that stands as it was written changes nothing, so what no cell can
say stays. A row with a wrong cell is reported by its columns and left out; the others go on. Text is never a formula:
what begins like one is written as text, and a formula that comes in is refused.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hub.directory.formats.cells import BadCell
from hub.directory.formats.columns import COLUMNS, REFERENCES, SHEETS, Column
from hub.directory.formats.items import Item, Origin, Problem, Records, merged, unreadable
from hub.directory.records.record import PROVIDER, SERVICE, SITE, id_from
from hub.errors import TooLarge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

CLEAR: Final = frozenset({"DELETE", "SUPPRIMER", "BORRAR", "حذف"})
MAX_UNPACKED: Final = 64 * 1024 * 1024
MAX_RATIO: Final = 100
MAX_FILES: Final = 200
MAX_ROWS: Final = 100_000
MAX_COLUMNS: Final = 300
_NOTE: Final = "#"
_ZIP: Final = b"PK\x03\x04"
_LIKE_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "'")
_MAX_CELL: Final = 32_767
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_KIND_OF: Final = {sheet: kind for kind, sheet in SHEETS.items()}
_ORDER: Final = (PROVIDER, SITE, SERVICE)
_DEFAULTS: Final = {SERVICE: {"status": "active"}, SITE: {"location_type": "physical"}, PROVIDER: {}}


class _Formula:
    """Stands where a cell held a formula."""


@dataclass(slots=True)
class _Sheet:
    """The rows of one sheet: number in the file, and values by heading."""

    kind: str
    columns: list[str] = field(default_factory=list)
    rows: list[tuple[int, dict[str, Any]]] = field(default_factory=list)


# Reading


def read_xlsx(data: bytes, origin: Origin) -> Iterator[Item]:
    """Return what a workbook changes.

    Raises:
        InvalidRequest: it is no workbook of providers, services or sites.
    """
    tables = {name: rows for name, rows in _book(data) if name in _KIND_OF}
    yield from _read(tables, origin)


def _book(data: bytes) -> list[tuple[str, list[list[Any]]]]:
    import openpyxl  # heavy: a hub starts without it
    from openpyxl.utils.exceptions import InvalidFileException

    check_zip(data)
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        found = [(sheet.title.strip().casefold(), list(_xlsx_rows(sheet))) for sheet in book.worksheets]
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, TypeError, OSError) as error:
        raise unreadable("an XLSX workbook") from error
    except (SyntaxError, zlib.error, AttributeError) as error:  # bad XML, bad bytes, parts that openpyxl misses
        raise unreadable("an XLSX workbook") from error
    if not found:
        raise unreadable("an XLSX workbook")
    return found


def read_csv(data: bytes, origin: Origin) -> Iterator[Item]:
    """Return what CSV tables change: one, or a zip of providers.csv, services.csv and sites.csv.

    Raises:
        InvalidRequest: it is none.
    """
    if not data.startswith(_ZIP):
        rows = list(_csv_rows(data))
        yield from _read({_sheet_of(rows): rows}, origin)
        return
    check_zip(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = {name: name.rpartition("/")[2].casefold().removesuffix(".csv") for name in archive.namelist()}
            tables = {sheet: list(_csv_rows(archive.read(name))) for name, sheet in names.items() if sheet in _KIND_OF}
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, zlib.error) as error:
        raise unreadable("a zip of CSV tables") from error
    yield from _read(tables, origin)


def first_table(data: bytes) -> list[list[str]]:
    """Return the rows of a CSV table, or of the first sheet of a workbook; a formula is an empty cell.

    Raises:
        InvalidRequest: it is neither.
    """
    rows = _book(data)[0][1] if data.startswith(_ZIP) else _csv_rows(data)
    return [["" if isinstance(value, _Formula) else value for value in row] for row in rows]


def check_zip(data: bytes) -> None:
    """Refuse what unpacks to more than it may; a part never gives more bytes than the directory says.

    Raises:
        InvalidRequest: it is no zip.
        TooLarge: it unpacks to too much.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise unreadable("of its form") from error
    whole = sum(part.file_size for part in parts)
    if len(parts) > MAX_FILES or whole > MAX_UNPACKED or whole > MAX_RATIO * max(len(data), 1024):
        raise TooLarge("The file unpacks to more than this hub takes.", todo="Send it in parts.")


def _xlsx_rows(sheet: Any) -> Iterator[list[Any]]:
    for number, row in enumerate(sheet.iter_rows(), start=1):
        if number > MAX_ROWS:
            raise TooLarge("A sheet has more rows than this hub takes.", todo="Send it in parts.")
        yield [_xlsx_value(cell) for cell in row[:MAX_COLUMNS]]


def _xlsx_value(cell: Any) -> Any:
    if getattr(cell, "data_type", None) == "f":
        return _Formula()
    value = cell.value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else _cleaned(str(value)).removesuffix(" 00:00:00")


def _csv_rows(data: bytes) -> Iterator[list[Any]]:
    try:
        text = data.decode("utf-8-sig")
        first = text.splitlines()[0] if text.strip() else ""
        delimiter = max(",;\t", key=first.count)
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), start=1):
            if number > MAX_ROWS:
                raise TooLarge("A table has more rows than this hub takes.", todo="Send it in parts.")
            yield [_csv_value(value) for value in row[:MAX_COLUMNS]]
    except (UnicodeDecodeError, csv.Error) as error:
        raise unreadable("a CSV table in UTF-8") from error


def _csv_value(value: str) -> Any:
    plain = _cleaned(value)
    if plain.startswith("="):
        return _Formula()
    return plain[1:] if plain[:1] == "'" and plain[1:2] in _LIKE_A_FORMULA and plain[1:2] else plain


def _sheet_of(rows: list[list[Any]]) -> str:
    """Return which sheet a single table is: the one that shares most headings with it."""
    heading = {str(name).strip().casefold() for name in rows[0]} if rows else set()
    return max(SHEETS.values(), key=lambda sheet: len(heading & {column.name for column in COLUMNS[_KIND_OF[sheet]]}))


def _read(tables: Mapping[str, list[list[Any]]], origin: Origin) -> Iterator[Item]:
    sheets = [_sheet(_KIND_OF[name], rows) for name, rows in tables.items() if rows]
    if not any("name" in sheet.columns or "id" in sheet.columns for sheet in sheets):
        raise unreadable("a spreadsheet with the sheets providers, services, sites and their headings")
    sheets.sort(key=lambda sheet: _ORDER.index(sheet.kind))
    named = _Names()
    for sheet in sheets:
        known = {column.name for column in COLUMNS[sheet.kind]} | {"id"}
        for name in sheet.columns:
            if name and name not in known:
                problem = Problem(name[:60], "unknown_column", "This column is none of the sheet; it is not read.")
                yield Item(sheet.kind, "", None, f"{SHEETS[sheet.kind]} row 1", (problem,))
        for number, values in sheet.rows:
            item = _item(sheet.kind, number, values, origin, named)
            if item is not None:
                yield item


def _sheet(kind: str, rows: list[list[Any]]) -> _Sheet:
    sheet = _Sheet(kind, [str(name).strip().casefold() for name in rows[0]])
    for number, row in enumerate(rows[1:], start=2):
        values = dict(zip(sheet.columns, row, strict=False))
        note = isinstance(values.get("id"), str) and values["id"].startswith(_NOTE)
        if not note and any(isinstance(value, _Formula) or value for value in row):
            sheet.rows.append((number, values))
    return sheet


@dataclass(slots=True)
class _Names:
    """Ids of the records that are new in this file, by kind and name; `used` are all ids that a row has had."""

    new: dict[tuple[str, str], str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)


def _item(kind: str, number: int, values: Mapping[str, Any], origin: Origin, named: _Names) -> Item | None:
    row = f"{SHEETS[kind]} row {number}"
    said = values.get("id") or ""
    if isinstance(said, _Formula) or (said and not _UUID.match(said)):
        return _refused(kind, row, Problem("id", "no_id", "An id stays as the hub wrote it; a new row has none."))
    organization = _reference(values.get("organization_id") or "", PROVIDER, named)
    identity = said or id_from(origin.name, f"{SHEETS[kind]}\n{organization}\n{values.get('name') or ''}")
    if identity in named.used:
        return _refused(kind, row, Problem("id", "repeated", "An earlier row is the same record."))
    named.used.add(identity)
    current = origin.current(identity) if origin.current else None
    if said and current is None:
        return _refused(kind, row, Problem("id", "no_record", "There is no such record here, or not for you."))
    changes, problems = _changes(kind, values, current or {}, named)
    if problems:
        return Item(kind, identity, None, row, tuple(problems))
    _identify(identity, changes)
    if not said:
        named.new[kind, str(values.get("name") or "").casefold()] = identity
    if current is None:
        return Item(kind, identity, merged({"id": identity, **_DEFAULTS[kind]}, changes), row)
    return Item(kind, identity, {"id": identity, **changes}, row, patch=True)


def _identify(identity: str, changes: Mapping[str, Any]) -> None:
    """Give the rows of a list that a cell added the ids that HSDS wants."""
    for name in ("phones", "languages", "service_at_locations"):
        for row in changes.get(name) or ():
            row.setdefault("id", id_from(identity, f"{name}\n{sorted(row.items())}"))


def _refused(kind: str, row: str, problem: Problem) -> Item:
    return Item(kind, "", None, row, (problem,))


def _changes(
    kind: str, values: Mapping[str, Any], current: Mapping[str, Any], named: _Names
) -> tuple[dict[str, Any], list[Problem]]:
    """Return what the cells of a row change (RFC 7386), and the cells that cannot be read."""
    changes: dict[str, Any] = {}
    problems = []
    for column in COLUMNS[kind]:
        text = values.get(column.name, "")
        if isinstance(text, _Formula):
            problems.append(Problem(column.name, "formula", "A cell holds a value, not a formula."))
        elif text and text != shown(column, current):
            try:
                put(changes, column.path, _value(column, text, current, named))
            except BadCell as error:
                problems.append(Problem(column.name, error.code, error.message))
    return changes, problems


def _value(column: Column, text: str, current: Mapping[str, Any], named: _Names) -> Any:
    if text in CLEAR:
        return None
    if column.name in REFERENCES:
        parts = [_reference(part.strip(), REFERENCES[column.name], named) for part in text.split(";") if part.strip()]
        if not all(_UUID.match(part) for part in parts):
            raise BadCell("no_record", "Name another record by its id, or a new one by its name.")
        text = "; ".join(parts)
    return column.codec.read(text, _at(current, column.path))


def _reference(text: Any, kind: str, named: _Names) -> str:
    return named.new.get((kind, str(text).casefold()), str(text)) if text else ""


def put(document: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Set a value in a patch; columns of one member come together in it."""
    at = document
    for name in path[:-1]:
        inner = at.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        at = inner
    old = at.get(path[-1])
    at[path[-1]] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value


# Writing


def write_xlsx(records: Records) -> Iterable[bytes]:
    """Return a workbook of the records; every value is text or a number, never a formula."""
    import openpyxl  # heavy: a hub starts without it

    book = openpyxl.Workbook(write_only=True)
    for kind, sheet in SHEETS.items():
        page = book.create_sheet(sheet)
        page.freeze_panes = "C3"
        for row in _table(kind, records):
            page.append([_xlsx_cell(page, value) for value in row])
    target = io.BytesIO()
    book.save(target)
    return [target.getvalue()]


def write_csv(records: Records) -> Iterable[bytes]:
    """Return a zip of three tables; what begins like a formula has an apostrophe before it."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for kind, sheet in SHEETS.items():
            text = io.StringIO(newline="")
            csv.writer(text).writerows([[defused(value) for value in row] for row in _table(kind, records)])
            archive.writestr(f"{sheet}.csv", "\ufeff" + text.getvalue())
    return [target.getvalue()]


def _xlsx_cell(page: Any, value: str) -> Any:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(page, value=value)
    if value:
        cell.data_type = "s"
        cell.number_format = "@"
    return cell


def defused(value: str) -> str:
    """Return a value of a CSV table that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(_LIKE_A_FORMULA) else value


def _table(kind: str, records: Records) -> Iterator[list[str]]:
    columns = COLUMNS[kind]
    documents = {PROVIDER: records.providers, SERVICE: records.services, SITE: records.sites}[kind]
    yield ["id", *(column.name for column in columns)]
    yield [f"{_NOTE} blank: no change; DELETE: take away", *(column.codec.hint for column in columns)]
    for identity, document in documents.items():
        yield [identity, *(shown(column, document) for column in columns)]


def shown(column: Column, document: Mapping[str, Any]) -> str:
    """Return what stands in a cell; empty where there is nothing."""
    value = _at(document, column.path)
    return "" if value is None or value in ([], {}) else _cleaned(column.codec.write(value))


def _cleaned(text: str) -> str:
    """Return a text as any spreadsheet keeps it: no control characters, one kind of line end, its greatest length."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()[:_MAX_CELL].strip()


def _at(document: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    at: Any = document
    for name in path:
        at = at.get(name) if isinstance(at, dict) else None
    return at
