"""What peers serve to browsers, held against what they logged: fetched as anybody would, compared, kept and told.

The request is not signed, so a peer that would show us another release than it shows people has to guess from the
address who asks. A line that breaks is no finding. What does not fit is kept, alarms, and is told to the auditors of
the agencies at home here: it is for people to ask that hub's operator why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.errors import PacketError, PeerError
from hub.federation.deliver import alarm
from hub.federation.line import Line
from hub.federation.pull import from_every_peer
from hub.federation.store import Peers, ReleaseFindings
from hub.keys import releases
from hub.keys.releases import Finding
from hub.keys.store import KeyStore
from hub.notify.store import Notices
from hub.notify.templates import RELEASE
from hub.packets.checkpoint import Checkpoint
from hub.packets.encoding import b64u, from_b64u, parse_json
from hub.statements.bodies import Role

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.context import Hub
    from hub.federation.store import Peer

_NOT_FOUND: Final = 404
_ASK: Final = "/api/v1/release"


def check_releases(hub: Hub) -> int:
    """Compare what every peer serves with what it logged; return how many findings are new."""
    return from_every_peer(hub, check_release, "releases")


def check_release(hub: Hub, peer: Peer) -> int:
    """Compare what a peer serves with what it logged; return whether what was found is new.

    Raises:
        PeerUnreachable: it does not answer, or not all of it.
    """
    with hub.database.read() as connection:
        known = ReleaseFindings(connection).newest(peer.host)
    with Line(peer.url, hub.signer, hub.wire, private=hub.settings.private_peers) as line:
        said, found = _look(line, peer, -1 if known is None else known["log_index"])
    if found is None:
        return 0
    with hub.database.write() as connection:
        Peers(connection).lock(peer.host)
        release = said.release if said else (known["release"] if known else "")
        index = said.index if said else (known["log_index"] if known else 0)
        if said is not None:
            Peers(connection).saw(peer.host, said.head.size, b64u(said.head.root))
        rows = ReleaseFindings(connection)
        new = rows.put(peer.host, release, index, found.finding, found.path, hub.clock.now())
        if new and found.finding != releases.SAME:
            _tell(connection, hub, peer.host, f"release:{peer.host}:{release[:16]}:{found.finding}")
    if found.finding != releases.SAME:
        alarm(peer.host, f"release {found.finding} {found.path}".rstrip())
    return int(new)


def _look(line: Line, peer: Peer, since: int) -> tuple[releases.Seen | None, Finding | None]:
    answer = _got(line, f"{_ASK}?seen={peer.seen_size}", releases.MAX_ANSWER)
    if answer is None:  # it has logged none: then it serves none either, and never did
        serves = _got(line, f"/app/{releases.MANIFEST}", releases.MAX_MANIFEST) is not None
        return None, Finding(releases.UNPROVEN) if serves or since >= 0 else None
    try:
        said = releases.judge(parse_json(answer), peer.host, peer.sign, seen=_seen(peer), since=since)
    except PacketError:
        return None, Finding(releases.UNPROVEN)
    return said, releases.compare(said.release, lambda path, limit: _got(line, path, limit) or b"")


def _seen(peer: Peer) -> Checkpoint | None:
    return Checkpoint(peer.host, peer.seen_size, from_b64u(peer.seen_root)) if peer.seen_root else None


def _got(line: Line, path: str, limit: int) -> bytes | None:
    """Return what stands at a path, or None where the peer says that nothing does."""
    try:
        return line.get(path, limit, signed=False)
    except PeerError as error:
        if error.facts.get("status") == _NOT_FOUND:
            return None
        raise


def _tell(connection: Connection, hub: Hub, host: str, key: str) -> None:
    keys, notices, now = KeyStore(connection), Notices(connection), hub.clock.now()
    for entry in keys.agencies():
        if entry.hub != hub.origin:
            continue
        for device in keys.members_with_roles(entry.agency, {Role.AUDITOR}, now):
            told: dict[str, Any] = {"to_agency": entry.agency, "to_member": device.member}
            notices.put(key=f"{key}:{device.member}", template=RELEASE, facts={"host": host}, now=now, **told)
