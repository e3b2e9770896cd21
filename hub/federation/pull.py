"""Peers and their public documents: added by fingerprint, fetched, proven to stand in the peer's log, taken over.

What a document is worth is decided in `hub.keys.keyring` and `hub.directory.document`: one that is not trusted here,
for instance an agency that our certifiers do not know, is left out and spoils nothing else. What a truthful peer cannot
send (a wrong proof, a log that was changed) leaves everything as it was and alarms.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from hub.directory.attestation import ATTESTATION_TYPE, read_attestation
from hub.directory.document import sign_directory, verify_directory
from hub.directory.feed import take as feed
from hub.directory.feed.document import PARTS, read_page
from hub.directory.feed.store import FeedStore
from hub.directory.networks.store import Networks
from hub.directory.networks.taking import take as take_network
from hub.directory.records.visibility import PARTNERS
from hub.directory.store import Directory, attester_keys
from hub.errors import BadSignature, HubError, Malformed, PacketError, PeerMisbehaved, PeerUnreachable
from hub.federation.deliver import alarm
from hub.federation.line import MAX_ANSWER, Line, check_url
from hub.federation.service import accept_peer, read_fingerprint
from hub.federation.store import Peer, Peers
from hub.handofflog.guard import ForkGuard
from hub.handofflog.merkle import extends
from hub.handofflog.note import verify_checkpoint
from hub.handofflog.store import HandoffLog
from hub.ids import host_of
from hub.keys.certificates import HubEntry
from hub.keys.keyring import Keyring, proven_documents
from hub.keys.pins import PROVEN, ProvenDocument
from hub.keys.store import KeyStore
from hub.packets import shapes as a
from hub.packets.dsse import Envelope, kid
from hub.packets.encoding import b64u, canonical, from_b64u, parse_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from hub.context import Hub
    from hub.packets.checkpoint import Checkpoint

KEYS, HUB, MAP = "/federation/v1/keys", "/federation/v1/hub", "/federation/v1/map"
MAX_KEYS, MAX_ENTRY = 64 * 1024 * 1024, 256 * 1024
MAX_PAGES = 2000
"""Of a map in one pull; the next one goes on."""
MAX_NETWORKS = 4000
"""Lists and confirmations of networks by the agencies of one hub."""
_NOTE = re.compile(r"(?s).{1,131072}")
_SHAPE = a.object_of(
    {
        "checkpoint": a.matches(_NOTE),
        "entries": a.list_of(PROVEN, 100_000),
        "directory": a.at_least({}),
        "networks": a.list_of(a.at_least({}), MAX_NETWORKS),
    }
)
_log = logging.getLogger("hub.federation")


def add_peer(hub: Hub, url: str, fingerprint: str) -> Peer:
    """Add the hub at `url` whose fingerprint was compared by phone; log its entry.

    Raises:
        InvalidRequest: no address or no fingerprint.
        PeerUnreachable: it does not answer, or its address may not be called.
        BadSignature: it has another key.
        Forbidden: it may not be a peer (R07).
    """
    digits = read_fingerprint(fingerprint)
    plain = check_url(url, private=hub.settings.private_peers)
    with Line(plain, hub.signer, hub.wire, private=hub.settings.private_peers) as line:
        entry, envelope = accept_peer(line.get(HUB, MAX_ENTRY, signed=False), digits, origin=hub.origin)
    peer = Peer(entry.host, plain, entry.sign, kid(entry.sign), entry.operator)
    with hub.database.write() as connection:
        if Peers(connection).add(peer):
            HandoffLog(connection, hub.origin).append(envelope.to_bytes(), now=hub.clock.now())
    return peer


def pull_peer(hub: Hub, peer: Peer) -> int:
    """Fetch a peer's documents and take over what is new and trusted; return how many documents.

    Raises:
        PeerUnreachable: it does not answer, or not with such documents.
        PeerMisbehaved: what it signed does not hold.
    """
    with Line(peer.url, hub.signer, hub.wire, private=hub.settings.private_peers) as line:
        value = _parse(line.get(KEYS, MAX_KEYS))
        try:
            head = verify_checkpoint(value["checkpoint"], peer.host, peer.sign)
            _check_extends(line, peer, head)
        except PacketError as error:
            raise PeerMisbehaved("The peer's checkpoint is not its own, or does not extend the last.") from error
    with hub.database.write() as connection:
        Peers(connection).lock(peer.host)  # two pulls at once would both write what is new
        taken = _take(connection, hub, peer, head, value)
        Peers(connection).saw(peer.host, head.size, b64u(head.root))
    return taken + pull_map(hub, peer, anew=taken > 0)


def pull_map(hub: Hub, peer: Peer, *, anew: bool = False) -> int:
    """Take over what a peer tells of its part of the service map since the last time; return how many records.

    `anew`: the peer has new keys, so what was refused before may be good now.

    Raises:
        PeerUnreachable: it does not answer.
        PeerMisbehaved: its pages do not hold.
    """
    with hub.database.write() as connection:
        Peers(connection).lock(peer.host)
        feed.begin(connection, peer.host, hub.clock.now(), anew=anew)
    total = feed.Taken()
    restarts = 0
    with Line(peer.url, hub.signer, hub.wire, private=hub.settings.private_peers) as line:
        for _ in range(MAX_PAGES):
            page, more = _pull_page(hub, peer, line)
            total.add(page)
            restarts += page.again
            if restarts > 1:
                raise PeerMisbehaved("The peer's map is not what it says that it is.")
            if not (more or page.again):
                break
    if total.refused:
        _log.warning("records of %s are not taken: %s", peer.host, dict(total.refused))
    return total.new + total.changed + total.gone


def _pull_page(hub: Hub, peer: Peer, line: Line) -> tuple[feed.Taken, bool]:
    with hub.database.read() as connection:
        after = FeedStore(connection, peer.host, PARTNERS).head().seq
    data = line.get(f"{MAP}?after={after}", MAX_ANSWER)
    now = hub.clock.now()
    try:
        page = read_page(data, peer.host, peer.sign, part=PARTS[PARTNERS], after=after, now=now)
        with hub.database.write() as connection:
            Peers(connection).lock(peer.host)
            taken = feed.take(connection, page, now)
    except PacketError as error:
        raise PeerMisbehaved("A page of the peer's map is not its own, or not its newest.") from error
    if taken.again:
        with hub.database.write() as connection:
            FeedStore(connection, peer.host, PARTNERS).start_over(now)
    return taken, bool(page["more"])


def remove_peer(hub: Hub, host: str) -> int:
    """Let a hub be no peer any more, and take its part of the service map out of ours; return how many records.

    Raises:
        NotFound: it is none of ours.
    """
    with hub.database.write() as connection:
        Peers(connection).remove(host)
        Directory(connection).replace(host, [])
        Networks(connection).forget(host)
        return feed.drop(connection, host, hub.clock.now())


def pull_all(hub: Hub) -> int:
    """Pull every peer; return how much is new."""
    return from_every_peer(hub, pull_peer, "keys")


def from_every_peer(hub: Hub, fetch: Callable[[Hub, Peer], int], what: str) -> int:
    """Fetch something from every peer; one that fails spoils nothing for the others. Return how much is new."""
    with hub.database.read() as connection:
        peers = Peers(connection).all()
    taken = 0
    for peer in peers:
        try:
            taken += fetch(hub, peer)
        except PeerMisbehaved as error:
            alarm(peer.host, error.code)
        except HubError as error:
            _log.info("%s of %s wait: %s", what, peer.host, error.code)
    return taken


def public_documents(hub: Hub) -> bytes:
    """Return what our peers pull: every key document at home here with its proof, and our directory."""
    note = ForkGuard(hub.database, hub.origin, hub.settings.data).publish(hub.signer)
    with hub.database.read() as connection:
        directory = Directory(connection)
        agencies = directory.agencies(hub.origin)
        attested = directory.attestations(hub.origin)
        proven = proven_documents(connection, hub.origin, note)
        networks = Networks(connection).documents(hub.origin)[:MAX_NETWORKS]
    signed = sign_directory(hub.origin, agencies, attested, hub.signer, hub.clock.now())
    return canonical({**proven, "directory": parse_json(signed.to_bytes()), "networks": networks})


def peer_log(hub: Hub, host: str, path: str) -> bytes:
    """Fetch what a peer's log answers to anybody, for a member's client that talks to its own hub alone.

    It is relayed as it came: the client verifies it by the peer's key, so nothing is gained by changing it here.

    Raises:
        NotFound: there is no such peer.
        PeerUnreachable: it does not answer.
    """
    with hub.database.read() as connection:
        peer = Peers(connection).get(host)
    with Line(peer.url, hub.signer, hub.wire, private=hub.settings.private_peers) as line:
        return line.get(f"/log/{path}", MAX_ENTRY, signed=False)


def own_entry(hub: Hub) -> bytes:
    """Return our own hub entry, for an operator who adds us."""
    with hub.database.read() as connection:
        return bytes(KeyStore(connection).documents(hub.origin, hub.origin, HubEntry)[-1]["envelope"])


def _parse(data: bytes) -> dict[str, Any]:
    try:
        value: dict[str, Any] = parse_json(data)
        _SHAPE(value)
    except PacketError as error:
        raise PeerUnreachable("The peer's answer is not made of documents.") from error
    return value


def _check_extends(line: Line, peer: Peer, head: Checkpoint) -> None:
    """Return if the peer's log still has all that it had when we saw it last, at the size that it has now."""
    if not peer.seen_root:
        return
    proof: list[bytes] = []
    if head.size > peer.seen_size:
        answer = parse_json(line.get(f"/log/consistency?old={peer.seen_size}&new={head.size}", MAX_ENTRY))
        nodes = answer.get("proof") if isinstance(answer, dict) else None
        if not isinstance(nodes, list):
            raise Malformed("The peer's proof is not a list.")
        proof = [from_b64u(node, 32) for node in nodes]
    if not extends(peer.seen_size, from_b64u(peer.seen_root), head.size, head.root, proof):
        raise BadSignature("The peer's log was rolled back or rewritten.")


def _take(connection: Connection, hub: Hub, peer: Peer, head: Checkpoint, value: dict[str, Any]) -> int:
    keyring = Keyring(connection, hub.origin, hub.certifiers)
    taken = 0
    for proven in sorted(map(ProvenDocument.from_value, value["entries"]), key=lambda document: document.index):
        _check(proven, head)
        try:
            taken += keyring.take(proven.document, proven.index, host=peer.host)
        except HubError as error:
            _log.info("a document of %s is not trusted here: %s", peer.host, error.code)
    entry = keyring.store.hub_entry(peer.host)
    if entry is None or entry.sign != peer.sign:
        raise PeerMisbehaved("The peer's log names another hub key than the one that was compared.")
    keyring.store.put_answer(peer.host, canonical({name: value[name] for name in ("checkpoint", "entries")}))
    _take_directory(connection, hub, peer, value["directory"])
    for document in value["networks"]:
        _take_network(connection, peer, document, hub.clock.now())
    return taken


def _check(proven: ProvenDocument, head: Checkpoint) -> None:
    try:
        proven.check(head)
    except BadSignature as error:
        raise PeerMisbehaved("A document does not stand in the peer's log.") from error


def _take_directory(connection: Connection, hub: Hub, peer: Peer, document: dict[str, Any]) -> None:
    try:
        value = verify_directory(canonical(document), peer.host, peer.sign, now=hub.clock.now())
    except PacketError as error:
        raise PeerMisbehaved("The peer's directory is not its own.") from error
    keys = KeyStore(connection)
    agencies = [row for row in value["agencies"] if keys.find_agency(row["agency"]) is not None]
    directory = Directory(connection)
    directory.replace(peer.host, agencies)
    for signed in value["attestations"]:
        _take_attestation(directory, keys, peer, canonical(signed), hub.clock.now())


def _take_attestation(directory: Directory, keys: KeyStore, peer: Peer, data: bytes, now: int) -> None:
    """Keep a declaration that its agency signed; one that it did not is left out and spoils nothing."""
    try:
        agency = str(Envelope.from_bytes(data, ATTESTATION_TYPE).value.get("agency"))
        if host_of(agency) == peer.host:
            read_attestation(data, agency, attester_keys(keys, agency, now), now=now)
            directory.put_attestation(agency, data)
    except HubError as error:
        _log.info("a declaration of %s is not trusted here: %s", peer.host, error.code)


def _take_network(connection: Connection, peer: Peer, document: dict[str, Any], now: int) -> None:
    """Keep what an agency of the peer signed about a network; what it did not sign is left out and spoils nothing."""
    try:
        take_network(connection, document, peer.host, now)
    except HubError as error:
        _log.info("a document of a network of %s is not trusted here: %s", peer.host, error.code)
