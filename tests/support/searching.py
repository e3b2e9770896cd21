"""Searching in all that hubs keep and log: for words about a child, and for values that would join two handoffs."""

from __future__ import annotations

import base64
import json
import logging
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

from sqlalchemy import MetaData, Table, inspect, select

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.context import Hub

EVERYBODYS = {
    *("key_documents", "epoch_grants", "key_answers"),
    *("agency_profiles", "peers", "accounts", "sessions", "log_nodes", "log_head", "log_roots"),
}


def forms(word: bytes) -> set[bytes]:
    """A word as it is, in JSON, in addresses and in UTF-16, in hexadecimal, and in base64 at each of three offsets."""
    text = word.decode(errors="replace")
    every = "".join(f"%{byte:02X}" for byte in word)
    made = {word, word.hex().encode(), word.hex().upper().encode(), json.dumps(text)[1:-1].encode()}
    made |= {quote(word, safe="").encode(), quote_plus(word).encode(), every.encode(), every.lower().encode()}
    made |= {text.encode("utf-16-le"), text.encode("utf-16-be")}
    for offset in range(3):
        whole = base64.b64encode(bytes(offset) + word)
        kept = whole[(4 if offset else 0) : len(whole) - (4 if (offset + len(word)) % 3 else 0)]
        made |= {kept, kept.translate(bytes.maketrans(b"+/", b"-_"))}
    assert min(map(len, made)) >= 8, "shorter pieces would be found by chance"
    return made


def cells(hub: Hub) -> list[tuple[str, bytes]]:
    """Every value of every row of every table in the database, whatever our code thinks it has."""
    found_cells = []
    with hub.database.read() as connection:
        for name in inspect(connection).get_table_names():
            table = Table(name, MetaData(), autoload_with=connection)
            for row in connection.execute(select(table)):
                for column, value in row._mapping.items():
                    data = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                    found_cells.append((f"{hub.origin} {name}.{column}", data))
    return found_cells


def kept_by(hub: Hub) -> list[tuple[str, bytes]]:
    """Every file below a hub's data folder and every cell of its database, with where it is."""
    files = [(str(path), path.read_bytes()) for path in hub.settings.data.rglob("*") if path.is_file()]
    return files + cells(hub)


@contextmanager
def overheard() -> Iterator[list[tuple[str, bytes]]]:
    """Yield what hubs log meanwhile, at any level, with where."""
    said: list[tuple[str, bytes]] = []
    ours, listener = logging.getLogger("hub"), logging.Handler()
    listener.emit = lambda one: said.append((f"log of {one.name}", listener.format(one).encode()))  # type: ignore[method-assign]
    before = ours.level
    ours.addHandler(listener)
    ours.setLevel(logging.DEBUG)
    try:
        yield said
    finally:
        ours.setLevel(before)
        ours.removeHandler(listener)


def found_in(kept: list[tuple[str, bytes]], words: list[bytes]) -> set[tuple[str, bytes]]:
    everything = os.urandom(32).join(data for _, data in kept)  # no word is found across two places
    wanted = {form: word for word in words for form in forms(word) if form in everything}
    return {(place, word) for place, data in kept for form, word in wanted.items() if form in data}


def tokens(hub: Hub) -> list[tuple[str, set[str]]]:
    """For each row, the table and every value in it that could identify something, however deep it is packed."""
    made = []
    with hub.database.read() as connection:
        for name in inspect(connection).get_table_names():
            for row in connection.execute(select(Table(name, MetaData(), autoload_with=connection))):
                values = dict(row._mapping)
                if name == "log_entries":  # the tree over the documents is everybody's: receipts quote it
                    made.append(("log_roots", leaves([values.pop("leaf"), values.pop("root")])))
                made.append((name, leaves(list(values.values()))))
    return made


def leaves(value: Any) -> set[str]:
    """Texts of sixteen characters and more that are no words, inside JSON, base64 and bytes too."""
    if isinstance(value, str) and value.startswith(("{", "[")):
        value = _parsed(value)
    if isinstance(value, str) and ":" in value:
        value = value.split(":")
    if isinstance(value, dict | list | tuple):
        inner = value.values() if isinstance(value, dict) else value
        return set().union(*map(leaves, inner))
    if isinstance(value, bytes | memoryview):
        return _unpacked(bytes(value)) or ({bytes(value).hex()} if len(value) >= 8 else set())
    return _text(value) if isinstance(value, str) and len(value) >= 16 and not value.islower() else set()


def _parsed(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _text(value: str) -> set[str]:
    try:
        return _unpacked(base64.b64decode(value, validate=True)) or {value}
    except ValueError:
        return {value}


def _unpacked(data: bytes) -> set[str]:
    try:
        packed = json.loads(data)
    except ValueError:
        return set()
    return leaves(packed) if isinstance(packed, dict | list) else set()


def closure(rows: list[set[str]], start: str) -> set[str]:
    """Every value that somebody reaches who begins with one id and follows what rows have in common."""
    reached, more = {start}, True
    while more:
        joined = set().union(*(row for row in rows if row & reached))
        more = not joined <= reached
        reached |= joined
    return reached
