"""The agency's next key after somebody left or lost a device: started, granted, and put on every packet that is kept.

Each stage asks what is still lacking and does that alone, so that what was interrupted goes on where it stopped and two
colleagues at once do no harm. Until the next epoch stands in the log the old key is alive: `old_key` says whose. New
headers change no payload (docs/protocol.md §4.5), and no colleague who remains is ever without a key that opens.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from hub.client import enrol, reading, recovery
from hub.client.transport import well_formed
from hub.errors import BadSignature, Conflict, ConsentMissing, Forbidden, NotFound, PacketError
from hub.ids import random_id
from hub.keys.certificates import CASE_ROLES
from hub.packets.age import Header, Recipient, make_header, unwrap
from hub.packets.encoding import b64u, from_b64u, sha256
from hub.packets.manifest import Rewrap
from hub.packets.multipart import Body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hub.client.member import Member
    from hub.client.reading import Packet, Shown
    from hub.keys.certificates import Epoch, MemberCert

    Told = Callable[[int, int], object]
    """Is told how many packets are done and how many are left."""


@dataclass(frozen=True, slots=True)
class Renewed:
    """What `renew` did, and what it could not do: frozen packets wait, others do not open with any key held here."""

    epoch: int
    granted: tuple[str, ...]
    done: int
    frozen: int
    closed: tuple[str, ...]
    """Manifests of packets that did not open: whoever sealed them made them so, or this device lacks their epoch."""


def old_key(member: Member) -> tuple[MemberCert, ...]:
    """Return the devices that left and still hold the agency's newest epoch, out of its proven documents."""
    member.trust.forget()
    return member.home().old_key


def renew(member: Member, told: Told = lambda _done, _left: None) -> Renewed:
    """Start the next epoch where the old key is still alive, grant what is lacking and re-wrap what is kept.

    Raises:
        Forbidden: the member opens no cases, or the epoch is due and this device does not hold the root that signs it.
    """
    if not member.roles() & CASE_ROLES:
        raise Forbidden("Only members who work on cases make the agency's next key.", todo="Ask one to run it.")
    if old_key(member):
        _next_epoch(member)
    granted = tuple(enrol.grant_missing(member))
    done, closed, frozen = 0, list[str](), 0
    for row in _old_headers(member):
        frozen = row["frozen"]
        try:
            done += _rewrap_all(member, row["handoff"], row["manifests"], closed)
        finally:
            told(done, max(0, row["left"] - done))
    recovery.refresh(member)
    return Renewed(member.home().entry.newest_epoch().epoch, granted, done, frozen, tuple(closed))


def _next_epoch(member: Member) -> Epoch | None:
    if member.secrets.root is None:
        raise Forbidden(
            "The old key is still alive, and the next one needs the agency's root.",
            todo="Run `hub agency epoch --out FILE` and give the file to whoever holds the root.",
        )
    started = enrol.start_epoch(member)
    try:
        enrol.publish_epoch(member, started)
    except Conflict:  # a colleague was faster
        if old_key(member):
            raise
        return None
    return started


def _old_headers(member: Member) -> Iterator[dict[str, Any]]:
    """Yield the handoffs of which packets have an older epoch's header, each once, with what the hub counts."""
    after: dict[str, Any] = {}
    while True:
        page = member.hub.get("/api/v1/rewraps", **after)
        with well_formed():
            rows = [(str(row["handoff"]), str(row["manifest"])) for row in page["items"]]
            counts = {"left": int(page["left"]), "frozen": int(page["frozen"])}
        for handoff, group in groupby(rows, key=lambda row: row[0]):
            yield {"handoff": handoff, "manifests": [manifest for _, manifest in group], **counts}
        if not rows:
            return
        after = {"after": ".".join(rows[-1])}


def _rewrap_all(member: Member, handoff: str, manifests: list[str], closed: list[str]) -> int:
    shown, done = reading.show(member, handoff), 0
    for manifest in manifests:
        try:
            _rewrap(member, shown, shown.packet(manifest))
        except (Conflict, ConsentMissing, NotFound):  # a colleague was faster, or it stands still or is gone by now
            continue
        except PacketError:
            closed.append(manifest)
        else:
            done += 1
    return done


def _rewrap(member: Member, shown: Shown, packet: Packet) -> None:
    files = packet.manifest.rewrapped(reading.rewraps(shown, packet)).files
    identities = member.identities(entry.epoch for entry in files)
    epoch = member.home().entry.newest_epoch()
    recipient = Recipient.parse(epoch.recipient)
    given = member.hub.get(f"/api/v1/packets/{packet.hash}/headers")
    with well_formed():
        headers = {entry.n: from_b64u(given["headers"][entry.n]) for entry in files}
    made: dict[str, bytes] = {}
    for entry in files:
        if b64u(sha256(headers[entry.n])) != entry.hsha256:
            raise BadSignature("A file's header is not the one that was signed.")
        made[entry.n] = make_header([recipient], unwrap(Header.from_bytes(headers[entry.n]), identities)).to_bytes()
    said = [Rewrap(n, b64u(sha256(header)), (recipient.kid,), epoch.epoch).to_value() for n, header in made.items()]
    statement = member.statement(
        "packet.rewrap",
        shown.id,
        {"manifest": packet.hash, "files": said},
        by=[member.me(CASE_ROLES)],
        heads=shown.heads,
    )
    body = Body(random_id())
    body.add("statement", statement.to_bytes())
    for name, header in made.items():
        body.add(name.replace("att/", "att-"), header)
    member.hub.submit(f"/api/v1/handoffs/{shown.id}/statements", body)
