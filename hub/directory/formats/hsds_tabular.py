"""HSDS as packages of tables: zip files of CSV, in the form of 3.x and of 2.0, and out in that of 3.x. Pure.

Reading joins the tables into nested objects and hands those on; a row that hangs on nothing is an item of its own, with
its problem, and so is a cell that cannot be read. A key that leads out of the package stays on its row. A package is
from outside: how much it may unpack to is bounded.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hub.directory.formats import hsds_old
from hub.directory.formats.hsds_derive import SOURCE
from hub.directory.formats.hsds_objects import CHILDREN, FOREIGN, RECORDS, objects, structured, table_of
from hub.directory.formats.items import Item, Problem, unreadable
from hub.directory.records.record import id_from
from hub.errors import TooLarge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hub.directory.formats.hsds_split import Splitter
    from hub.directory.formats.hsds_write import HsdsWriter

MOST_BYTES: Final = 512 * 1024 * 1024
MOST_CELL: Final = 1024 * 1024
_OBJECTS: Final = {
    "organizations": "organization",
    "services": "service",
    "locations": "location",
    "service_at_location": "service_at_location",
    "programs": "program",
    "contacts": "contact",
    "phones": "phone",
    "addresses": "address",
    "schedules": "schedule",
    "funding": "funding",
    "service_areas": "service_area",
    "required_documents": "required_document",
    "languages": "language",
    "accessibility": "accessibility",
    "cost_options": "cost_option",
    "organization_identifiers": "organization_identifier",
    "service_capacity": "service_capacity",
    "units": "unit",
    "url": "url",
    "attributes": "attribute",
    "metadata": "metadata",
    "taxonomies": "taxonomy",
    "taxonomy_terms": "taxonomy_term",
    "meta_table_descriptions": "meta_table_description",
}
"""The tables of the package, and the object that a row of each is."""
_NEEDS: Final = {
    "programs": ("organization_id",),
    "services": ("organization_id",),
    "service_at_location": ("service_id", "location_id"),
    "service_capacity": ("service_id",),
}
_ALONE: Final = ("meta_table_descriptions", "taxonomies", "taxonomy_terms", "units")
Tables = dict[str, list["Row"]]


@dataclass(slots=True)
class Row:
    """One row of a table: what is in its cells, where it stands, what is wrong with it, whether anything holds it."""

    where: str
    cells: dict[str, Any]
    problems: list[Problem] = field(default_factory=list)
    held: bool = False


def read_tables(data: bytes, split: Splitter, *, old: bool) -> None:
    """Read a package into `split`; `old`: it is one of HSDS 2.0, or of what was common before.

    Raises:
        InvalidRequest: it is no zip file of CSV, or too large.
    """
    tables = _unpack(data)
    if old:
        tables = hsds_old.modern(tables)
    if not set(tables) & set(RECORDS):
        raise unreadable("a package of HSDS tables")
    for name, rows in tables.items():
        if name in _OBJECTS:
            for row in rows:
                _check(name, row)
    _join(tables)
    _hand_over(tables, split)


def write_package(writer: HsdsWriter, rest: Iterable[Item] = ()) -> bytes:
    """Return the package of 3.x: a CSV file for each table that has rows, and `datapackage.json`.

    `rest`: rows of a package that no record holds, as they were read.
    """
    tables: dict[str, dict[str, dict[str, Any]]] = {}
    for value in writer.everything():
        if "location_type" in value:
            _flatten("locations", value, tables, {})
        elif "status" in value:
            _flatten("services", value, tables, {})
        else:
            _flatten("organizations", value, tables, {})
    for item in rest:
        if item.kind in _OBJECTS and item.document is not None:
            _flatten(item.kind, item.document, tables, {})
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as file:
        for name, rows in tables.items():
            file.writestr(_entry(f"{name}.csv"), _csv(name, list(rows.values())))
        file.writestr(_entry("datapackage.json"), json.dumps(_description(tables), indent=1))
    return package.getvalue()


def _unpack(data: bytes) -> Tables:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            entries = [entry for entry in file.infolist() if entry.filename.lower().endswith(".csv")]
            if sum(entry.file_size for entry in entries) > MOST_BYTES:
                raise TooLarge("The package unpacks to more than 512 MiB.")
            found: Tables = {}
            for entry in entries:
                name = entry.filename.rpartition("/")[2][:-4].lower()
                found.setdefault(name, []).extend(_rows(name, file.read(entry)))
            return found
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError, RuntimeError, csv.Error) as error:
        raise unreadable("a zip file of CSV tables in UTF-8") from error


def _rows(name: str, data: bytes) -> Iterator[Row]:
    csv.field_size_limit(MOST_CELL)
    lines = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
    header = [cell.strip() for cell in next(lines, [])]
    for number, cells in enumerate(lines, start=2):
        if any(cell.strip() for cell in cells):
            row = Row(f"{name}.csv row {number}", {n: c for n, c in zip(header, cells, strict=False) if n and c != ""})
            if len(cells) != len(header):
                row.problems.append(Problem("", "ragged", "The row has not as many cells as the header."))
            yield row


def _check(table: str, row: Row) -> None:
    """Turn the cells that are numbers into numbers; say what is missing."""
    listed = objects()[_OBJECTS[table]]
    for name, said in listed["fields"].items():
        cell = row.cells.get(name)
        if cell is None:
            continue
        if said == "number":
            row.cells[name] = number = _number(cell)
            if isinstance(number, str):
                row.problems.append(Problem(name, "no_number", "This is no number."))
        elif said.startswith("=") and cell not in said[1:].split("|"):
            row.problems.append(Problem(name, "unknown_code", "This is none of the words that HSDS has for it."))
    for name in structured(_OBJECTS[table]) & row.cells.keys():
        try:
            row.cells[name] = json.loads(row.cells[name])
        except (ValueError, RecursionError):
            row.problems.append(Problem(name, "unreadable", "The cell is no JSON."))
    wanted = (*listed["required"], *_NEEDS.get(table, ()))
    missing = [
        name
        for name in wanted
        if listed["fields"].get(name, "string").startswith(("string", "=")) and name not in row.cells
    ]
    row.problems += [Problem(name, "missing", "The cell is empty.") for name in missing]


def _number(cell: Any) -> Any:
    try:
        value = float(cell)
    except (TypeError, ValueError):
        return cell
    if value != value or value in {float("inf"), float("-inf")}:  # noqa: PLR0124  # NaN is what differs from itself
        return cell
    return int(value) if value.is_integer() else value


def _join(tables: Tables) -> None:
    """Hang every row on the rows that its keys name, leaves first, and taxonomies and units on what names them."""
    by_id = {name: {row.cells.get("id"): row for row in rows} for name, rows in tables.items()}
    for table, member, keys in (
        ("taxonomy_terms", "taxonomy_detail", ("taxonomy_id", "taxonomies")),
        ("attributes", "taxonomy_term", ("taxonomy_term_id", "taxonomy_terms")),
        ("service_capacity", "unit", ("unit_id", "units")),
    ):
        for row in tables.get(table, ()):
            if (target := by_id.get(keys[1], {}).get(row.cells.get(keys[0]))) is not None:
                row.cells[member] = target.cells
                del row.cells[keys[0]]
                target.held = True
    for table in ("metadata", "attributes", *(name for name in CHILDREN if name not in {"metadata", "attributes"})):
        for row in tables.get(table, ()):
            _hang(table, row, by_id)
    for table in tables.keys() - _OBJECTS.keys():
        for row in tables[table]:
            _keep(table, row, by_id)


def _keep(table: str, row: Row, by_id: dict[str, dict[Any, Row]]) -> None:
    """Keep a row of a table that HSDS does not have with the record that it names, under the name of its table."""
    for key in ("service_id", "organization_id", "location_id"):
        owner = by_id.get(FOREIGN[key], {}).get(row.cells.get(key))
        if owner is not None and not row.held:
            del row.cells[key]
            owner.cells.setdefault(table, []).append(row.cells)
            row.held = True


def _hang(table: str, row: Row, by_id: dict[str, dict[Any, Row]]) -> None:
    owners = []
    for key, member in CHILDREN[table].items():
        named = row.cells.get(key)
        if named is None:
            continue
        found = [rows[named] for rows in _led(key, by_id) if named in rows]
        if not found:
            row.problems.append(Problem(key, "orphan", "The key leads to no row of the package."))
            continue
        owners += [(owner, member) for owner in found]
        del row.cells[key]
    for owner, member in owners:
        owner.cells.setdefault(member, []).append(row.cells)
        owner.problems += [_nested(member, row, problem) for problem in row.problems]
        row.held = True


def _nested(member: str, row: Row, problem: Problem) -> Problem:
    inside = problem.field if " row " in problem.field else f"{row.where}: {problem.field}"
    return Problem(f"{member} ({inside})" if " (" not in problem.field else inside, problem.code, problem.message)


def _led(key: str, by_id: dict[str, dict[Any, Row]]) -> Iterable[dict[Any, Row]]:
    """Return the tables that a key may lead to: attributes and metadata hang on anything."""
    if key in {"link_id", "resource_id"}:
        not_on = {"metadata"} if key == "resource_id" else {"metadata", "attributes"}
        return (rows for name, rows in by_id.items() if name not in not_on)
    return (by_id.get(FOREIGN[key], {}),)


def _hand_over(tables: Tables, split: Splitter) -> None:
    """Give the joined records to `split`, and every row that nothing holds as an item of its own."""
    for row in tables.get("organizations", ()):
        _give(row, split, split.organization)
    for row in tables.get("locations", ()):
        _give(row, split, lambda cells, where, problems: split.location(cells, where, problems=problems))
    for row in tables.get("services", ()):
        _give(row, split, lambda cells, where, problems: split.service(cells, where, problems=problems))
    known = {row.cells.get("id") for row in tables.get("services", ())}
    for row in tables.get("service_at_location", ()):
        if row.cells.get("service_id") in known:
            _give(row, split, split.service_at_location)
        else:
            row.problems.append(Problem("service_id", "orphan", "The key leads to no row of the package."))
            _alone("service_at_location", row, split)
    for table, rows in tables.items():
        if table not in {*RECORDS, "service_at_location"}:
            for row in rows:
                if not row.held:
                    _alone(table, row, split)


def _give(row: Row, split: Splitter, take: Any) -> None:
    if "id" in row.cells:
        take(row.cells, row.where, row.problems)
    else:
        split.others.append(Item("", "", None, row.where, tuple(row.problems)))


def _alone(table: str, row: Row, split: Splitter) -> None:
    known = table in _OBJECTS
    if not row.problems and table not in _ALONE:
        code = ("orphan", "The row hangs on nothing.") if known else ("unknown_table", "HSDS has no such table.")
        row.problems.append(Problem("", *code))
    split.others.append(Item(table, str(row.cells.get("id", "")), row.cells, row.where, tuple(row.problems)))


# Out


def _flatten(table: str, value: dict[str, Any], tables: dict[str, Any], keys: dict[str, str]) -> str:
    """Put an object and all that it holds into the tables; return its id. `keys`: what it hangs on."""
    made = str(value.get("id", ""))
    rows = tables.setdefault(table, {})
    if any(rows.get(made, {}).get(key, owner) != owner for key, owner in keys.items()):
        made = id_from(SOURCE, "/".join((made, *keys.values())))  # a row has one owner of a kind: another needs its own
    row = rows.setdefault(made, {})
    own = _own_key(table)
    for name, part in value.items():
        child = _child(table, name)
        if child == "service_at_location":
            for at in part or ():
                _flatten(child, at, tables, {"service_id": made})
        elif child in {*RECORDS, "programs", "taxonomies", "taxonomy_terms", "units"} and isinstance(part, dict):
            row[_leads(child)] = _flatten(child, part, tables, _programme(child, value))
        elif child is not None and isinstance(part, list):
            for one in part:
                _flatten(child, one, tables, _hanging(child, name, own, made, table))
        elif isinstance(part, dict | list | bool):
            row[name] = json.dumps(part, ensure_ascii=False)
        else:
            row[name] = part
    row |= keys | {"id": made}
    return made


def _child(table: str, name: str) -> str | None:
    """Return the table of what an object of a table holds as a member, or None: it is a cell."""
    said = objects()[_OBJECTS[table]]["fields"].get(name, "string")
    return table_of(name) if said.strip("[]") in objects() else None


def _own_key(table: str) -> str:
    return next((key for key, leads in FOREIGN.items() if leads == table and not key.startswith("parent")), "")


def _leads(child: str) -> str:
    return _own_key(child)


def _programme(child: str, value: dict[str, Any]) -> dict[str, str]:
    owner = (value.get("organization") or {}).get("id") or value.get("organization_id")
    return {"organization_id": owner} if child == "programs" and owner else {}


def _hanging(child: str, name: str, own: str, made: str, table: str) -> dict[str, str]:
    if child == "attributes":
        return {"link_id": made}
    if child == "metadata":
        return {"resource_id": made}
    if child in RECORDS or name in CHILDREN.get(child, {}).values():
        return {own: made}
    return {f"{_OBJECTS[table]}_id": made}


def _csv(table: str, rows: list[dict[str, Any]]) -> str:
    named = [
        name
        for name, said in objects()[_OBJECTS[table]]["fields"].items()
        if said.startswith(("string", "number", "="))
    ]
    used = dict.fromkeys(name for row in rows for name in row)
    header = [name for name in named if name in used] + [name for name in used if name not in named]
    text = io.StringIO(newline="")
    out = csv.DictWriter(text, header, lineterminator="\r\n", restval="")
    out.writeheader()
    out.writerows(rows)
    return text.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)  # dated 1980, so that the same records make the same bytes
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _description(tables: dict[str, Any]) -> dict[str, Any]:
    resources = [_resource(name, list(rows.values())) for name, rows in tables.items()]
    return {
        "name": "human_services_data",
        "title": "Human Services Data Specification",
        "profile": "tabular-data-package",
        "version": "3.1.3",
        "resources": resources,
    }


def _resource(table: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    listed = objects()[_OBJECTS[table]]
    fields = [
        {"name": name, "type": "number" if listed["fields"].get(name) == "number" else "string"}
        for name in _csv(table, rows).splitlines()[0].split(",")
    ]
    keys = [
        {"fields": one["name"], "reference": {"resource": _OBJECTS[FOREIGN[one["name"]]], "fields": "id"}}
        for one in fields
        if one["name"] in FOREIGN and one["name"] not in {"parent_organization_id", "parent_id"}
    ]
    return {
        "name": _OBJECTS[table],
        "path": f"{table}.csv",
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": {"primaryKey": "id", "fields": fields, "foreignKeys": keys},
    }
