"""What a party is shown of a handoff: rows turned into the shapes of `hub.handoffs.schemas`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hub.errors import NotFound
from hub.handoffs.outgoing import OWN_RECORD, SUBMISSIONS
from hub.handoffs.ports import Lister
from hub.handoffs.store import HandoffStore, PacketStore
from hub.handoffs.store import handoff_of as handoff_row
from hub.packets.dsse import Envelope
from hub.packets.manifest import read_manifest
from hub.statements.grammar import NOTICE, STATEMENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from hub.handoffs.intake import Intake

_BINARY = {"type": "string", "contentMediaType": "application/octet-stream"}
MULTIPART = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["statement"],
                "properties": {
                    "statement": {"type": "string", "description": "DSSE envelope, docs/protocol.md §7"},
                    "manifest": {"type": "string", "description": "DSSE envelope, docs/protocol.md §4.1"},
                    "body": {**_BINARY, "description": "body.age"},
                    "uploads": {"type": "string", "description": "JSON: of which parts only the header is here"},
                },
            }
        }
    },
}


PIECE = {"required": True, "content": {"application/octet-stream": {"schema": _BINARY}}}


def hash_of(statement: bytes) -> str:
    """Return the name of a statement; nothing is verified.

    Raises:
        Malformed: not a statement's envelope.
    """
    return Envelope.from_bytes(statement, STATEMENT_TYPE).hash


def handoff_of(statement: bytes) -> str:
    """Return the handoff that a statement's envelope names; nothing is verified.

    Raises:
        Malformed: not a statement's envelope.
    """
    return str(Envelope.from_bytes(statement, STATEMENT_TYPE).value.get("handoff", ""))


def is_for(manifest: bytes, name: str, member: str) -> bool:
    """Return whether a member is given a file of a packet: one that is sealed to another person is not for them."""
    found, _envelope = read_manifest(manifest)
    return next((entry.member for entry in found.files if entry.n == name), None) in {None, member}


def handoff(connection: Connection, intake: Intake, row: Mapping[Any, Any], agency: str, now: int) -> dict[str, Any]:
    """Return one handoff as its party `agency` sees it."""
    found = handoff_row(row)
    if found.kind == OWN_RECORD:
        return own_records(connection, [row])[0]
    return listed(row, intake.machines[found.kind].view(connection, found, agency, now))


def handoffs(
    connection: Connection, intake: Intake, rows: Sequence[Mapping[Any, Any]], kind: str, agency: str, now: int
) -> list[dict[str, Any]]:
    """Return handoffs of one kind as their party `agency` sees them, at once where their machine can."""
    if kind == OWN_RECORD:
        return own_records(connection, rows)
    machine: object = intake.machines.get(kind)
    if not isinstance(machine, Lister):
        return [handoff(connection, intake, row, agency, now) for row in rows]
    found = machine.views(connection, [handoff_row(row) for row in rows], agency, now)
    return [listed(row, found[row["id"]]) for row in rows]


def own_records(connection: Connection, rows: Sequence[Mapping[Any, Any]]) -> list[dict[str, Any]]:
    """Return an agency's own records with the newest version of each: a time in seconds would not tell two apart."""
    latest = HandoffStore(connection).latest(*(row["id"] for row in rows))
    return [listed(row, {"latest": latest.get(row["id"])}) for row in rows]


def listed(row: Mapping[Any, Any], view: Mapping[str, Any]) -> dict[str, Any]:
    """Return a handoff as a row of any list, with what the machine of its kind shows."""
    return {**{name: row[name] for name in ("id", "kind", "from_agency", "to_agency", "created", "touched")}, **view}


def detail(connection: Connection, intake: Intake, handoff_id: str, agency: str, now: int) -> dict[str, Any]:
    """Return a handoff with its statements and packets; whoever sent a notice does not learn who has it by now.

    Raises:
        NotFound: there is none, or the agency has no part in it.
    """
    store, packets = HandoffStore(connection), PacketStore(connection)
    row = store.row(handoff_id)
    if agency not in {row["from_agency"], row["to_agency"]}:
        raise NotFound("There is no such handoff here.")
    rows = store.statements(handoff_id)
    one_way = row["kind"] == SUBMISSIONS[NOTICE] and agency == row["from_agency"]
    words = [] if one_way else store.receipts([statement["hash"] for statement in rows])
    return {
        **handoff(connection, intake, row, agency, now),
        "statements": [_statement(statement, words) for statement in rows],
        "packets": [_packet(packets, packet) for packet in packets.of_handoff(handoff_id)],
    }


def _statement(row: Mapping[Any, Any], words: Sequence[Any]) -> dict[str, Any]:
    names = ("hash", "type", "at", "grade", "standing", "position", "state", "log_index")
    said = [{"host": w["host"], "envelope": json.loads(w["envelope"])} for w in words if w["statement"] == row["hash"]]
    documents = {"envelope": json.loads(row["envelope"]), "answer": json.loads(row["answer"])}
    return {**{name: row[name] for name in names}, **documents, "words": said}


def _packet(store: PacketStore, row: Mapping[Any, Any]) -> dict[str, Any]:
    files = [{"n": f["n"], "size": f["plen"]} for f in store.files(row["manifest"])]
    return {
        "manifest": row["manifest"],
        "from_agency": row["from_agency"],
        "to_agency": row["to_agency"],
        "envelope": json.loads(row["envelope"]),
        "files": files,
        "destroyed": row["destroyed"] is not None,
    }
