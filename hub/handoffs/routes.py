"""Routes for handoffs: submit, add a statement, list, show, fetch a packet's file.

Identity comes from the permission hook; parsing from schemas and from the signed formats; the rest is one call.
"""

from __future__ import annotations

import json
import re
from itertools import chain
from typing import IO, TYPE_CHECKING, Any, Final, cast

from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint

from hub.auth.permissions import caller, permission
from hub.context import current_hub
from hub.errors import InvalidRequest, NotFound, TooLarge, UploadMissing, WrongRecipient
from hub.handoffs import schemas, views
from hub.handoffs.checks import may_receive
from hub.handoffs.jobs import erase_packets
from hub.handoffs.rewrap import outstanding
from hub.handoffs.store import HandoffStore, PacketStore
from hub.handoffs.uploads import MAX_PIECE, Uploads
from hub.keys.certificates import CASE_ROLES
from hub.packets.dsse import MAX_ENVELOPE
from hub.packets.encoding import b64u, parse_json
from hub.statements.bodies import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Connection

    from hub.handoffs.blobs import ReceivedPacket
    from hub.handoffs.intake import Intake
    from hub.handoffs.store import Row

READERS = frozenset(Role) - {Role.COORDINATOR}
"""Who sees handoffs of the own agency: a coordinator keeps the map, and sees no case."""
_PAYLOAD: Final = re.compile(r"[A-Za-z0-9_-]{43}")
blueprint = Blueprint("handoffs", __name__, url_prefix="/api/v1", description="Sealed handoffs and their statements")


@blueprint.route("/handoffs")
class Handoffs(MethodView):
    """All handoffs of the caller's agency."""

    @permission("member", roles=READERS)
    @blueprint.arguments(schemas.ListQuery, location="query")
    @blueprint.response(200, schemas.HandoffPage)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List handoffs, newest first, with who has the ball and by when."""
        hub, agency = current_hub(), caller().agency
        before = _cursor(query["before"])
        with hub.database.read() as connection:
            rows = HandoffStore(connection).listed(
                agency, kind=query["kind"], box=query["box"], before=before, limit=query["limit"]
            )
            items = views.handoffs(connection, _intake(), rows, query["kind"], agency, hub.clock.now())
        more = len(rows) == query["limit"]
        return {"items": items, "next": f"{rows[-1]['touched']}.{rows[-1]['id']}" if more else None}

    @permission("member")
    @blueprint.response(201, schemas.Taken)
    @blueprint.doc(requestBody=views.MULTIPART)
    def post(self) -> dict[str, Any]:
        """Submit a referral or an own record: multipart parts statement, manifest, body and att-1 to att-64."""
        return _take(None)


@blueprint.route("/handoffs/<string:handoff>")
class OneHandoff(MethodView):
    """One handoff."""

    @permission("member", roles=READERS)
    @blueprint.response(200, schemas.HandoffDetail)
    def get(self, handoff: str) -> dict[str, Any]:
        """Show a handoff with its statements, receipts and packets."""
        hub, agency = current_hub(), caller().agency
        with hub.database.read() as connection:
            return views.detail(connection, _intake(), handoff, agency, hub.clock.now())


@blueprint.route("/handoffs/<string:handoff>/statements")
class Statements(MethodView):
    """The statements of a handoff."""

    @permission("member")
    @blueprint.response(201, schemas.Taken)
    @blueprint.doc(requestBody=views.MULTIPART)
    def post(self, handoff: str) -> dict[str, Any]:
        """Add a signed statement, with its packet where it has one."""
        return _take(handoff)


@blueprint.route("/rewraps")
class Rewraps(MethodView):
    """What the caller's agency still has to seal to its newest epoch."""

    @permission("member")
    @blueprint.arguments(schemas.AfterPacket, location="query")
    @blueprint.response(200, schemas.Outstanding)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List packets with an older epoch's header, and say whether a removed device still holds the newest one."""
        with current_hub().database.read() as connection:
            return outstanding(connection, caller().agency, query["after"])


@blueprint.route("/packets/<string:manifest>/headers")
class Headers(MethodView):
    """The age headers of a packet, for whoever re-wraps them."""

    @permission("member", roles=CASE_ROLES)
    @blueprint.response(200, schemas.Headers)
    def get(self, manifest: str) -> dict[str, Any]:
        """Fetch the headers of all files of a packet for one's agency."""
        with current_hub().database.write() as connection:
            packet, files = _packet_of(connection, manifest, lambda _, packet: _of_epoch(packet))
            return {"headers": {file["n"]: b64u(_intake().serve(connection, packet, file)) for file in files}}


@blueprint.route("/packets/<string:manifest>/files/<path:name>")
class PacketFile(MethodView):
    """A file of a packet."""

    @permission("member", roles=CASE_ROLES)
    @blueprint.arguments(schemas.From, location="query")
    @blueprint.response(200, content_type="application/octet-stream")
    def get(self, given: dict[str, Any], manifest: str, name: str) -> Response:
        """Fetch an age file, header first, or 512 KiB of it; only for the agency that the packet is sealed to."""
        return packet_file(manifest, name, lambda _, packet: _of_member(packet, name), given["at"])


@blueprint.route("/uploads/<string:name>")
class Upload(MethodView):
    """A payload that comes in pieces before the statement that it belongs to."""

    @permission("member")
    @blueprint.arguments(schemas.Piece, location="query")
    @blueprint.response(200, schemas.Uploaded)
    @blueprint.doc(requestBody=views.PIECE)
    def put(self, given: dict[str, int], name: str) -> dict[str, int]:
        """Add a piece of a payload, which is named by its hash; the answer says how much is here from its start."""
        if not _PAYLOAD.fullmatch(name):
            raise InvalidRequest("A payload is named by its hash.")
        piece = request.stream.read(MAX_PIECE + 1)
        if len(piece) > MAX_PIECE:
            raise TooLarge("A piece is larger than 512 KiB.")
        return {"have": _uploads().add(_owner(), name, given["size"], given["at"], piece)}


def packet_file(manifest: str, name: str, allowed: Callable[[Connection, Row], str], at: int | None = None) -> Response:
    """Return a file of a packet; `allowed` says, in the transaction that notes it as served, to which agency it goes.

    With `at` it is the piece that begins there: one that is shorter than 512 KiB is the last.

    Raises:
        NotFound: no such packet or file.
        Forbidden: it goes to an agency that may never receive (R07).
    """
    hub, intake = current_hub(), _intake()
    with hub.database.write() as connection:
        packet, files = _packet_of(connection, manifest, allowed)
        file = next((f for f in files if f["n"] == name), None)
        if file is None:
            raise NotFound("The packet has no such file.")
        header = intake.serve(connection, packet, file)
    skipped = max(0, (at or 0) - len(header))
    payload = chain([header[at:]], intake.blobs.read(manifest, file["psha256"], skipped))
    size = len(header) + file["plen"]
    if at is not None:
        piece = _first(payload, MAX_PIECE)
        payload, size = chain([piece]), len(piece)
    return Response(payload, mimetype="application/octet-stream", headers={"Content-Length": str(size)})


def _first(chunks: Iterator[bytes], most: int) -> bytes:
    found = bytearray()
    for chunk in chunks:
        found += chunk
        if len(found) >= most:
            break
    return bytes(found[:most])


def _packet_of(
    connection: Connection, manifest: str, allowed: Callable[[Connection, Row], str]
) -> tuple[Row, Sequence[Row]]:
    packets = PacketStore(connection)
    packet = packets.get(manifest)
    may_receive(connection, allowed(connection, packet))
    return packet, packets.files(manifest)


def _of_caller(packet: Row) -> str:
    if packet["to_agency"] != caller().agency:
        raise NotFound("There is no such packet here.")
    return caller().agency


def _of_epoch(packet: Row) -> str:
    agency = _of_caller(packet)
    if packet["epoch"] is None:
        raise WrongRecipient("A packet to one person stays sealed to that person.")
    return agency


def _of_member(packet: Row, name: str) -> str:
    if not views.is_for(packet["envelope"], name, caller().member):
        raise WrongRecipient("This packet is sealed to another person.")
    return _of_caller(packet)


def _take(handoff: str | None) -> dict[str, Any]:
    hub, intake, agency = current_hub(), _intake(), caller().agency
    statement = _document("statement")
    packet, missing = _whole_packet(intake)
    try:
        if handoff is not None and views.handoff_of(statement) != handoff:
            raise InvalidRequest("The statement is about another handoff than the address says.")
        with hub.database.write() as connection:
            if missing is not None and HandoffStore(connection).statement(views.hash_of(statement)) is None:
                raise missing
            receipt = intake.accept(connection, statement, packet, agency=agency)
            row = HandoffStore(connection).row(views.handoff_of(statement))
            view = views.handoff(connection, intake, row, agency, hub.clock.now())
        erase_packets(hub, row["id"])
        for name in _named_uploads().values():
            _uploads().drop(_owner(), name)
    finally:
        if packet is not None:
            packet.close()
    return {"receipt": json.loads(receipt), "handoff": view}


def _whole_packet(intake: Intake) -> tuple[ReceivedPacket | None, UploadMissing | None]:
    """Return the packet that came; or what is missing of it, which says nothing if the statement was taken before."""
    try:
        return _packet(intake), None
    except UploadMissing as missing:
        return None, missing


def _packet(intake: Intake) -> ReceivedPacket | None:
    if "manifest" not in request.files and "manifest" not in request.form:
        headers = list(_files())  # of a re-wrap: without payloads, and no manifest is signed anew
        return intake.stage(b"", headers) if headers else None
    return intake.stage(_document("manifest"), _files())


def _files() -> Iterator[tuple[str, IO[bytes]]]:
    uploaded = _named_uploads()
    for part, file in request.files.items():
        if part == "body" or part.startswith("att-"):
            name = part.replace("att-", "att/")
            if part not in uploaded:
                yield name, file.stream
                continue
            with _uploads().open(_owner(), uploaded[part]) as payload:
                yield name, cast("IO[bytes]", _Joined(file.stream, payload))


def _named_uploads() -> dict[str, str]:
    """Return the payloads that came in pieces, by the part that has their header."""
    if "uploads" not in request.files:
        return {}
    request.files["uploads"].stream.seek(0)
    found = parse_json(_document("uploads"))
    if not isinstance(found, dict) or not all(isinstance(n, str) and _PAYLOAD.fullmatch(n) for n in found.values()):
        raise InvalidRequest("The part 'uploads' names payloads by their hash.")
    if len(set(found.values())) < len(found):  # one payload that is copied for many parts would fill the disk
        raise InvalidRequest("The part 'uploads' names a payload twice.")
    return found


class _Joined:
    """A header out of the request before a payload that came in pieces."""

    def __init__(self, header: IO[bytes], payload: IO[bytes]) -> None:
        self.readline, self.read = header.readline, payload.read


def _uploads() -> Uploads:
    settings = current_hub().settings
    return Uploads(settings.data, settings.max_packet)


def _owner() -> str:
    return f"{caller().agency} {caller().member}"


def _document(part: str) -> bytes:
    file = request.files.get(part)
    data = file.stream.read(MAX_ENVELOPE + 1) if file else request.form.get(part, "").encode()
    if not data:
        raise InvalidRequest(f"The request has no part '{part}'.")
    if len(data) > MAX_ENVELOPE:
        raise TooLarge("A signed document is larger than 256 KiB.")
    return data


def _cursor(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    touched, _, handoff = text.partition(".")
    if not touched.isdecimal() or len(touched) > 12:  # noqa: PLR2004 - digits of a Unix time
        raise InvalidRequest("The page mark is not one that this hub gave.")
    return int(touched), handoff


def _intake() -> Intake:
    return current_hub().intake  # type: ignore[no-any-return]  # set by the composition root
