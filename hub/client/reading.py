"""Reading handoffs: every statement, receipt and packet that is shown was verified on this machine first.

Believes nothing that the hub merely says: a state counts if the ordering hub signed for it at that position, a
statement if its signers' certificates stand in their home log, a packet if all of docs/protocol.md §4.4 holds. Who has
the ball and by when is the hub's arithmetic over those and is shown as such.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hub.client.transport import well_formed
from hub.errors import BadSignature, NotFound, PeerMisbehaved, UnknownSigner
from hub.handofflog import merkle
from hub.handoffs.domain import GIVES_UP
from hub.ids import host_of
from hub.packets.container import MANIFEST_NAME, FolderPacket
from hub.packets.dsse import Envelope
from hub.packets.encoding import canonical
from hub.packets.manifest import MAX_HEADER, Rewrap, read_manifest
from hub.packets.verify import verify
from hub.statements.grammar import ASSUME, STATEMENT_TYPE, Grade, MemberActor, Statement
from hub.statements.links import Chain, chain_of
from hub.statements.receipts import Receipt, read_receipt
from hub.statements.verify import VerifiedStatement, verify_statement

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping
    from pathlib import Path

    from hub.client.member import Member
    from hub.keys.pins import TrustedKeys
    from hub.packets.manifest import Manifest, Senders
    from hub.packets.verify import VerifiedPacket

FREEZE = "consent.freeze"
REWRAP, DISCARD = "packet.rewrap", "record.destroy"
SUCCESSION = "succession"
UNCOUNTED = {"claimed", "refused"}
"""The states of a succession to which the holder's hub has given no place."""
CUSTODY = GIVES_UP | {FREEZE, "consent.unfreeze"}
_ACCEPTED = "accepted.json"
_PAGE = 100
_MAX_HEADS = 16


@dataclass(frozen=True, slots=True)
class Word:
    """A hub's signed word on a statement: a receipt with its proof checked, or a refusal."""

    host: str
    at: int
    receipt: Receipt | None
    refused: tuple[str, int] | None = None
    """State and position at which the ordering hub refused it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One verified statement of a handoff, with what the hubs signed about it."""

    hash: str
    statement: Statement
    words: tuple[Word, ...]
    standing: str
    ordering: str
    """The host of the hub that gives positions; no other one's word about them counts."""

    @property
    def position(self) -> int | None:
        """Its place among the effective statements, by the ordering hub's receipt."""
        return next((word.position for word in self._ordered() if word.position is not None), None)

    @property
    def refused(self) -> bool:
        """Whether the ordering hub signed that it refused it."""
        said = any(word.refused and word.host == self.ordering for word in self.words)
        return said and self.position is None

    @property
    def state(self) -> str | None:
        """The state after it, by the ordering hub's receipt."""
        return next((word.state for word in self._ordered() if word.state is not None), None)

    def _ordered(self) -> list[Receipt]:
        return [word.receipt for word in self.words if word.receipt and word.host == self.ordering]


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet of a handoff as it is listed; nothing of it is opened."""

    hash: str
    manifest: Manifest
    destroyed: bool
    envelope: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """A handoff, verified. `ball`, `due` and `possible` are what the hub reckons from it."""

    id: str
    kind: str
    from_agency: str
    to_agency: str
    state: str | None
    grade: str | None
    urgency: str | None
    ball: str | None
    due: int | None
    next_rung: str | None
    next_at: int | None
    being_confirmed: bool
    possible: tuple[str, ...]
    lines: tuple[Line, ...]
    packets: tuple[Packet, ...]
    custody: Mapping[str, Any] | None = None
    """What the hub reckons of a withdrawal; `withdrawal.custody` reads it out of what was signed."""

    @property
    def heads(self) -> tuple[str, ...]:
        """The hashes that the next statement names: those that no other one has named yet."""
        spoken = [line for line in self.lines if line.statement.type not in {REWRAP, DISCARD}]  # said at home alone
        named = {head for line in spoken for head in line.statement.heads}
        latest = [line.hash for line in spoken if line.hash not in named]
        return tuple(sorted(latest[-_MAX_HEADS:]))

    @property
    def chain(self) -> Chain:
        """The links by which people without an account sign, in the order that the ordering hub has signed."""
        lines = sorted(self.lines, key=lambda line: (line.position is None, line.position or 0))
        return chain_of(self.to_agency, ((line.statement, line.refused) for line in lines))

    @property
    def submission(self) -> Line:
        """The statement that began the handoff."""
        return self.lines[0]

    @property
    def frozen(self) -> bool:
        """Whether it stands still at the wish of the giver of the consent, by what the ordering hub signed."""
        said = [line for line in self.lines if line.position is not None and line.statement.type in CUSTODY]
        newest = max(said, key=lambda line: line.position or 0, default=None)
        return newest is not None and newest.statement.type == FREEZE

    def newest_packet(self) -> Packet:
        """Return the packet of the last statement that has one: what an own record now says."""
        hashes = [line.statement.manifest for line in self.lines if line.statement.manifest]
        return self.packet(hashes[-1] if hashes else "")

    def packet(self, manifest: str) -> Packet:
        """Return a packet by its manifest's hash.

        Raises:
            NotFound: the handoff has none of that hash, or it was destroyed.
        """
        found = next((p for p in self.packets if p.hash == manifest and not p.destroyed), None)
        if found is None:
            raise NotFound("This packet is no longer here.")
        return found

    def agency_of(self, side: str) -> str:
        """Return the agency on a side."""
        return self.from_agency if side == "sender" else self.to_agency


def pages(member: Member, kind: str, box: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a box, newest first, as the hub says them: a list to choose from, not evidence."""
    before: str | None = None
    while True:
        query: dict[str, Any] = {"box": box, "kind": kind, "limit": _PAGE} | ({"before": before} if before else {})
        page = member.hub.get("/api/v1/handoffs", **query)
        with well_formed():
            rows, before = list(page["items"]), page["next"]
        yield from rows
        if before is None:
            return


def show(member: Member, handoff: str) -> Shown:
    """Return a handoff with all of its statements and receipts verified.

    Raises:
        NotFound: there is none, or it is no business of this agency.
        PacketError: a statement, receipt or proof does not verify.
        PeerMisbehaved: the hub says something that no signature bears out.
    """
    view = member.hub.get(f"/api/v1/handoffs/{handoff}")
    with well_formed():
        return _shown(member, handoff, view)


def _shown(member: Member, handoff: str, view: dict[str, Any]) -> Shown:
    try:
        lines = _lines(member, view)
    except UnknownSigner:
        member.trust.forget()
        lines = _lines(member, view)
    if not lines and view["kind"] == "case":  # it came by an intake, which says so in its leg
        raise NotFound("Nothing was said of this case in its register yet.")
    if view["id"] != handoff or not lines or any(line.statement.handoff != handoff for line in lines):
        raise PeerMisbehaved("The hub has shown another handoff than was asked for.")
    if _begun_for(lines[0].statement) != view["from_agency"]:
        raise PeerMisbehaved("The hub names another sender than the one who signed.")
    _check_state(view, lines)
    _check_heads(member, lines)
    packets = _packets(view["packets"], lines)
    if any(one.hash == lines[0].statement.manifest and one.manifest.to != view["to_agency"] for one in packets):
        raise PeerMisbehaved("The hub names another recipient than the packet does.")
    known = {name: view.get(name) for name in ("grade", "urgency", "ball", "due", "next_rung", "next_at", "custody")}
    return Shown(
        id=handoff,
        kind=view["kind"],
        from_agency=view["from_agency"],
        to_agency=view["to_agency"],
        state=view.get("state"),
        being_confirmed=bool(view.get("being_confirmed")),
        possible=tuple(view.get("possible", ())),
        lines=lines,
        packets=packets,
        **known,
    )


def _begun_for(said: Statement) -> str | None:
    """Return whom a handoff is from by the statement that began it: its signer, or whom that one speaks for.

    A hub begins the register of a case that came to an agency of its own; who assumes a case speaks for its holder.
    """
    if said.hub is not None:
        to = str(said.body.get("to"))
        return to if host_of(to) == said.hub else None
    return said.body["of"] if said.type == ASSUME else said.agency


def fetch(member: Member, shown: Shown, packet: Packet, folder: Path) -> VerifiedPacket:
    """Download a packet into `folder` as ciphertext, and return it once every step of §4.4 holds.

    Raises:
        PacketError: the first step that fails names itself.
    """
    source = FolderPacket(folder)
    (folder / MANIFEST_NAME).write_bytes(packet.envelope)
    for entry in packet.manifest.files:
        with source.file(entry.n) as sink:
            path = f"/api/v1/packets/{packet.hash}/files/{entry.n}"
            member.hub.download(path, sink, entry.plen + MAX_HEADER)
    accepted, changed = member.profile.load_json(_ACCEPTED, dict), rewraps(shown, packet)
    number = packet.manifest.packet
    verified = verify(
        source,
        identities=member.identities(entry.epoch for entry in packet.manifest.rewrapped(changed).files),
        me=member.agency,
        senders=_standing(member.trust.keys(shown.from_agency, shown.to_agency), shown, packet),
        replay=accepted.get,
        now=member.clock.now(),
        first=number not in accepted and not packet.manifest.own_record,
        rewraps=changed,
    )
    if number not in accepted:
        member.profile.save_json(_ACCEPTED, {**accepted, number: packet.hash})
    return verified


def write_attachments(packet: VerifiedPacket, into: Path) -> list[Path]:
    """Decrypt the attachments of a packet into a folder; return their paths. Names were checked by `verify`."""
    written = []
    for name in packet.attachments:
        path = into / name
        with path.open("xb") as sink:
            packet.copy_attachment(name, sink)
        written.append(path)
    return written


def _lines(member: Member, view: dict[str, Any]) -> tuple[Line, ...]:
    parties = {view["from_agency"], view["to_agency"]}
    if view["kind"] == SUCCESSION:  # the coordinator of a third agency signs as well
        parties |= {one.agency for one in _read(view["statements"][0]["envelope"]).by if isinstance(one, MemberActor)}
    keys, chain = member.trust.keys(*parties), Chain(view["to_agency"])
    lines = []
    for row in view["statements"]:
        line = _line(row, keys, chain, host_of(view["from_agency"]), member.clock.now())
        if line.statement.grade is Grade.LINK and not line.refused and not chain.lets(line.statement):
            raise BadSignature("The hub counts what a link signed that was revoked, expired, or another device's.")
        chain = chain.after(line.statement, refused=line.refused)
        lines.append(line)
    return tuple(lines)


def _line(row: dict[str, Any], keys: TrustedKeys, chain: Chain, ordering: str, now: int) -> Line:
    document = canonical(row["envelope"])
    said = [row["answer"], *(word["envelope"] for word in row["words"])]
    places = dict(place for place in map(_place, said) if place is not None)
    home = next(((host, places[host]) for host in _homes(row["envelope"]) if host in places), None)
    signers = keys.standing_at(*home) if home else keys
    verified = verify_statement(document, signers, now=now, first=False, links=lambda _handoff: chain)
    if verified.hash != row["hash"]:
        raise PeerMisbehaved("The hub has shown a statement under another name than its own.")
    words = tuple(_word(answer, verified, keys, now) for answer in said)
    if home and not any(word.receipt and (word.host, word.receipt.index) == home for word in words):
        raise BadSignature("A receipt does not prove where its statement stands.")
    return Line(verified.hash, verified.statement, words, row["standing"], ordering)


def _place(answer: dict[str, Any]) -> tuple[str, int] | None:
    """Return the place in a log that a receipt claims; `_word` proves it before it counts."""
    body = _read(answer).body
    return (body["log"]["origin"], body["index"]) if "log" in body else None


def _homes(envelope: dict[str, Any]) -> list[str]:
    return [host_of(agency) for agency in [_read(envelope).agency] if agency]


def _read(envelope: dict[str, Any]) -> Statement:
    """Return what an envelope says, with nothing verified."""
    return Statement.from_value(Envelope.from_bytes(canonical(envelope), STATEMENT_TYPE).value)


def _word(answer: dict[str, Any], about: VerifiedStatement, keys: TrustedKeys, now: int) -> Word:
    verified = verify_statement(canonical(answer), keys, now=now, first=False)
    said, body = verified.statement, verified.statement.body
    if said.type == "hub.refused":
        if body["statement"] != about.hash:
            raise BadSignature("A refusal is about another statement.")
        return Word(said.hub or "", said.at, None, (body["state"], body["position"]))
    return Word(said.hub or "", said.at, read_receipt(verified, about, merkle.includes))


def _check_state(view: dict[str, Any], lines: tuple[Line, ...]) -> None:
    """Check that the state shown is the one after the highest position for which the ordering hub has signed.

    Where it has signed for none, a hub's word stands alone: it is believed only that a succession does not count yet.
    """
    ordering = host_of(view["from_agency"])
    signed = {
        word.receipt.position: word.receipt.state
        for line in lines
        for word in line.words
        if word.receipt and word.host == ordering and word.receipt.position is not None
    }
    state, alone = view.get("state"), view["kind"] == SUCCESSION and view.get("state") in UNCOUNTED
    if state is not None and (state != signed[max(signed)] if signed else not alone):
        raise PeerMisbehaved("The hub shows a state for which the ordering hub has not signed.")


def _check_heads(member: Member, lines: tuple[Line, ...]) -> None:
    """Compare the log heads in receipts with one another and with what was seen: one size, one root."""
    for line in lines:
        for word in line.words:
            if word.receipt:
                member.trust.compare(word.receipt.log)


def _packets(rows: list[dict[str, Any]], lines: tuple[Line, ...]) -> tuple[Packet, ...]:
    """Return packets in the order of the statements that name them: what was said last comes last."""
    order = {line.statement.manifest: n for n, line in enumerate(lines)}
    return tuple(sorted((_listed(row, order) for row in rows), key=lambda packet: order[packet.hash]))


def _listed(row: dict[str, Any], named: Container[str | None]) -> Packet:
    data = canonical(row["envelope"])
    manifest, envelope = read_manifest(data)
    if envelope.hash != row["manifest"] or envelope.hash not in named:
        raise PeerMisbehaved("The hub has shown a packet that no statement of this handoff names.")
    return Packet(envelope.hash, manifest, bool(row["destroyed"]), data)


def placed(shown: Shown, manifest: str, host: str) -> tuple[str, int] | None:
    """Return where the statement with a packet stands in its home log, as receipts prove it."""
    line = next(line for line in shown.lines if line.statement.manifest == manifest)
    index = next((w.receipt.index for w in line.words if w.receipt and w.host == host), None)
    return None if index is None else (host, index)


def _standing(keys: TrustedKeys, shown: Shown, packet: Packet) -> Senders:
    """Return the keys as they were when the packet's statement entered its home log; a link's are in the handoff."""
    if any(line.statement.manifest == packet.hash and line.statement.grade is Grade.LINK for line in shown.lines):
        return shown.chain
    place = placed(shown, packet.hash, host_of(packet.manifest.sender))
    return keys if place is None else keys.standing_at(*place)


def rewraps(shown: Shown, packet: Packet) -> list[Rewrap]:
    """Return the newest re-wrap of a packet by the agency that holds it (§4.5)."""
    for line in reversed(shown.lines):
        said = line.statement
        ours = said.type == REWRAP and said.agency == packet.manifest.to
        if ours and said.body["manifest"] == packet.hash:
            return [Rewrap.from_value(row) for row in said.body["files"]]
    return []
