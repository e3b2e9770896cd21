"""HSDS 3.x in and out: JSON objects and pages, lines of JSON, and the packages of tables. Pure.

`read_hsds` gives records of the map out of any of the forms, `write_hsds` writes them so that reading and writing a
file of HSDS gives an equal one. Nothing is checked against the map, and nothing is hidden, here.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NoReturn

from hub.directory.formats.hsds_split import Splitter
from hub.directory.formats.hsds_tabular import read_tables, write_package
from hub.directory.formats.hsds_write import HsdsWriter
from hub.directory.formats.items import Format, Item, Origin, Problem, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hub.directory.formats.items import Records

FORMS: Final = ("json", "ndjson", "datapackage", "tabular-2.0")


def read_hsds(data: bytes, origin: Origin, form: str) -> Iterator[Item]:
    """Yield the records of a file, providers before sites before services, each with what is wrong with it.

    Args:
        data: the file.
        origin: whose file it is; ids that are no UUIDs are made of its name.
        form: one of FORMS; `datapackage` and `tabular-2.0` are zip files of tables.

    Raises:
        InvalidRequest: the file as a whole is not of the form.
    """
    split = Splitter(origin.name)
    if form == "ndjson":
        _lines(data, split)
    elif form == "json":
        for number, value in enumerate(_objects(data), start=1):
            _one(split, value, f"object {number}")
    else:
        read_tables(data, split, old=form == "tabular-2.0")
    return split.items()


def write_hsds(records: Records, form: str, rest: Iterable[Item] = ()) -> Iterator[bytes]:
    """Yield a file: `ndjson` of full services, a `json` page of the same, or a `datapackage`.

    What no service shows, such as an organization that offers nothing, follows as an object of its own.

    Args:
        records: what to write, as the reader of the file may see it.
        form: one of FORMS but the last, which is only read.
        rest: rows of a package that no record holds, to be written again as they were read.
    """
    writer = HsdsWriter(records)
    if form == "datapackage":
        yield write_package(writer, rest)
        return
    if form == "ndjson":
        for value in writer.everything():
            yield _text(value) + b"\n"
        return
    rows = list(writer.everything())
    yield _text(page(rows, len(rows), 1, max(1, len(rows))))


def page(rows: list[Any], total: int, number: int, size: int) -> dict[str, Any]:
    """Return a page of a list; an empty list is one empty page."""
    pages = max(1, -(-total // size))
    return {
        "total_items": total,
        "total_pages": pages,
        "page_number": number,
        "size": len(rows),
        "first_page": number == 1,
        "last_page": number >= pages,
        "empty": not rows,
        "contents": rows,
    }


def formats() -> list[Format]:
    """Return the forms of HSDS, for the list of all formats."""
    kinds = {"json": ("json", "application/json"), "ndjson": ("ndjson", "application/x-ndjson")}
    made = []
    for form in FORMS:
        suffix, media = kinds.get(form, ("zip", "application/zip"))
        name = "hsds-2.0" if form == "tabular-2.0" else f"hsds-{form}"
        write = None if form == "tabular-2.0" else _writer(form)
        made.append(Format(name, suffix, media, _reader(form), write))
    return made


def _reader(form: str) -> Any:
    return lambda data, origin: (_undated(item) for item in read_hsds(data, origin, form))


def _undated(item: Item) -> Item:
    """Return an item without the source's date of change: the map has its own, and that one alone changes nothing."""
    if item.document is None or "last_modified" not in item.document:
        return item
    return replace(item, document={name: part for name, part in item.document.items() if name != "last_modified"})


def _writer(form: str) -> Any:
    return lambda records: write_hsds(records, form)


def _lines(data: bytes, split: Splitter) -> None:
    for number, line in enumerate(data.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            value = _load(line)
        except (ValueError, RecursionError):
            wrong = Problem("", "unreadable", "The line is no JSON.")
            split.others.append(Item("", "", None, f"line {number}", (wrong,)))
        else:
            _one(split, value, f"line {number}")


def _objects(data: bytes) -> list[Any]:
    try:
        value = _load(data)
    except (ValueError, RecursionError) as error:
        raise unreadable("a JSON file") from error
    if isinstance(value, dict) and isinstance(value.get("contents"), list):
        return list(value["contents"])
    return value if isinstance(value, list) else [value]


def _one(split: Splitter, value: Any, row: str) -> None:
    wrong = Problem("", "unreadable", "This is no object of HSDS.")
    try:
        if isinstance(value, dict):
            split.add(value, row)
            return
    except RecursionError:
        wrong = Problem("", "unreadable", "The object is nested too deep.")
    split.others.append(Item("", "", None, row, (wrong,)))


def _load(data: bytes) -> Any:
    return json.loads(data.decode("utf-8-sig"), parse_constant=_refuse)


def _refuse(_name: str) -> NoReturn:
    raise ValueError


def _text(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
