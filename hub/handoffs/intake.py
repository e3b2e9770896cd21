"""The one path that every statement takes: verify, let the machine decide, log, store, answer, pass on, in one commit.

Knows members' statements and peers' messages as the same thing with another speaker. Does not read packets, keeps no
state names, talks to no network. Rules: docs/protocol.md §7.3 (receipts), §7.5 (ordering), §4.4 (steps a hub runs).
"""

from __future__ import annotations

import logging
from typing import IO, TYPE_CHECKING, Any

from hub.errors import (
    BadSignature,
    Conflict,
    ConsentMissing,
    Expired,
    Forbidden,
    IllegalTransition,
    InvalidRequest,
    NotFound,
    UnsupportedVersion,
    WrongRecipient,
)
from hub.handofflog import merkle
from hub.handofflog.store import HandoffLog
from hub.handoffs.answers import Answers
from hub.handoffs.checks import (
    check_beside,
    check_part,
    check_request,
    check_same_record,
    check_submission,
    may_speak,
    parties,
)
from hub.handoffs.custody import check_giving, check_taking, halted, take_hold, tell_again
from hub.handoffs.discard import DISCARD, Discards, check_kept, discard
from hub.handoffs.domain import ABOUT, DELIVERED, DESTROY, ENTRUSTING, GIVES_UP, HOLDER_ANSWER, REWRAP, UNKNOWN
from hub.handoffs.links import senders_of, verify_here
from hub.handoffs.outgoing import ALSO_LATER, OWN_RECORD, SUBMISSIONS, OutgoingMessage, outgoing, parked, tell_systems
from hub.handoffs.ports import Step
from hub.handoffs.rewrap import take_headers
from hub.handoffs.store import GONE, WAITING, Handoff, HandoffStore, PacketStore
from hub.ids import HandoffId, host_of
from hub.keys.store import KeyStore
from hub.outbox.store import Outbox
from hub.packets.dsse import Envelope
from hub.statements.grammar import STATEMENT_TYPE, Grade, HubActor, Statement
from hub.statements.receipts import Channel, Receipt, read_receipt
from hub.statements.verify import VerifiedStatement, sign_statement, verify_statement

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from hub.clock import Clock
    from hub.handofflog.store import LogEntry
    from hub.handoffs.blobs import Blobs, ReceivedPacket
    from hub.handoffs.ports import Machine
    from hub.handoffs.store import Row
    from hub.keys.headerbox import HeaderKeys
    from hub.packets.dsse import Signer
    from hub.packets.manifest import SignedManifest

_NO_STEPS = frozenset({"hub.receipt", "hub.refused"})
"""Types that are no step of a handoff: they are answers."""
_JUDGED = (Forbidden, ConsentMissing, NotFound, Conflict, WrongRecipient, Expired, UnsupportedVersion)
"""What a peer is refused for in writing: another statement may be fine, so none of it stops a queue."""
_AT_HOME = frozenset({REWRAP, DISCARD})
"""What an agency says to its own hub alone about what it holds."""
_MOST = 1000
"""Packets that one `packet.destroy` names at most."""
_log = logging.getLogger("hub.handoffs")


class Intake:
    """Takes statements in, whoever brings them. One instance serves all threads of a hub."""

    def __init__(
        self,
        *,
        origin: str,
        signer: Signer,
        clock: Clock,
        blobs: Blobs,
        header_keys: HeaderKeys,
        machines: Mapping[str, Machine],
    ) -> None:
        self.origin = origin
        self.blobs = blobs
        self.machines = machines
        self._signer = signer
        self._clock = clock
        self._answers = Answers(origin, signer)
        self.header_keys = header_keys

    def accept(
        self, connection: Connection, data: bytes, packet: ReceivedPacket | None, *, agency: str, by_link: bool = False
    ) -> bytes:
        """Take a statement from a member of `agency`, whose home is here, or by a link; return our signed receipt.

        Raises:
            Forbidden: the statement is not of the caller's agency.
            IllegalTransition: it is not possible now.
            PacketError: it, or its packet, is not what it should be.
        """
        keys = KeyStore(connection)
        verified = verify_here(connection, data, keys, self._clock.now())
        if (verified.statement.agency, verified.statement.grade is Grade.LINK) != (agency, by_link):
            raise Forbidden("A member signs for the own agency only.")
        return self._take(connection, verified, packet, None, keys)

    def receive(
        self, connection: Connection, *, peer: str, statement: bytes, receipt: bytes, packet: ReceivedPacket | None
    ) -> bytes:
        """Take a statement that peer `peer` brings; return our signed receipt or refusal.

        What is well signed and yet cannot be taken here (docs/protocol.md §7.5) is refused in writing and is no error:
        the words that stand behind it in the peer's queue are not at fault.

        Raises:
            BadSignature: the peer speaks for somebody who is not at home there, or its receipt proves nothing.
            PacketError: the statement or its packet is not what it should be.
        """
        keys, now = KeyStore(connection), self._clock.now()
        said = verify_statement(receipt, keys, now=now)
        if said.statement.hub != peer or said.statement.type != "hub.receipt":
            raise BadSignature("The receipt is not the peer's own.")
        keys = keys.standing_at(peer, int(said.statement.body["index"]))
        verified = verify_here(connection, statement, keys, now)
        if _home(verified.statement) != peer:
            raise BadSignature("A hub may bring only its own members' statements and its own.")
        word = read_receipt(said, verified, merkle.includes)
        try:
            with connection.begin_nested():
                answer = self._take(connection, verified, packet, word, keys)
        except _JUDGED as error:
            _log.warning("refused a statement that %s brought: %s", peer, error.code)
            answer = self._refuse(connection, verified)
            if verified.statement.type in GIVES_UP:
                self._remember_gone(connection, verified.statement)
        HandoffStore(connection).keep_receipt(verified.hash, peer, receipt, now)
        return answer

    def issue(self, connection: Connection, kind: str, handoff: str, body: Mapping[str, Any]) -> VerifiedStatement:
        """Make a statement of this hub's own about a handoff, and take it as any other."""
        latest = HandoffStore(connection).latest(handoff).get(handoff)
        statement = Statement(
            type=kind,
            handoff=HandoffId(handoff),
            heads=(latest,) if latest else (),
            by=(HubActor(self.origin),),
            at=self._clock.now(),
            grade=Grade.HUB,
            body=dict(body),
            parts=(),
        )
        envelope = sign_statement(statement, [self._signer])
        keys = KeyStore(connection)
        verified = verify_statement(envelope.to_bytes(), keys, now=self._clock.now())
        self._take(connection, verified, None, None, keys)
        return verified

    def answered(self, connection: Connection, *, statement_hash: str, peer: str, answer: VerifiedStatement) -> None:
        """Write down a peer's verified answer to a statement that we sent it."""
        store, now = HandoffStore(connection), self._clock.now()
        store.keep_receipt(statement_hash, peer, answer.document, now)
        row = store.statement(statement_hash)
        if row is None:
            return
        handoff = store.get(row["handoff"], lock=True)
        if row["standing"] != WAITING:
            if row["type"] in GIVES_UP:
                self.machines[handoff.kind].watch(connection, handoff, now)
            return
        body = answer.statement.body
        refused = answer.statement.type == "hub.refused"
        if handoff.from_host != peer or (not refused and body["position"] is None):
            return
        step, standing = Step(body["state"], body["position"], moved=not refused), "refused" if refused else "effective"
        store.settle(statement_hash, standing=standing, position=step.position, state=step.state)
        store.touch(handoff.id, now)
        statement = Statement.from_value(Envelope.from_bytes(row["envelope"], STATEMENT_TYPE).value)
        self.machines[handoff.kind].mirror(connection, handoff, statement, statement_hash, step, now)
        tell_systems(connection, handoff, "hub.refused" if refused else statement.type, step, now)
        if not refused:
            self._hold(connection, handoff, statement.type, now)
            self._follow(connection, handoff, statement, statement_hash)

    def stage(self, manifest: bytes, files: Iterable[tuple[str, IO[bytes]]]) -> ReceivedPacket:
        """Copy the parts of a packet to the disk where payloads live, before any transaction."""
        return self.blobs.stage(manifest, files)

    def serve(self, connection: Connection, packet: Row, file: Row) -> bytes:
        """Return the age header of a packet's file for its recipient, and note first that it was given.

        Raises:
            NotFound: the packet was destroyed.
            ConsentMissing: it stands still.
            Conflict: it is not given out before a further step.
        """
        handoff = HandoffStore(connection).get(packet["handoff"], lock=True)  # as a withdrawal does: one is first
        packets = PacketStore(connection)
        packets.get(packet["manifest"])
        check_giving(connection, handoff, packet["manifest"], self.machines.get(handoff.kind))
        if packet["from_agency"] != packet["to_agency"]:
            packets.served(packet["manifest"], self._clock.now())
            self.header_keys.note_served(packet["manifest"])
        return self.header(file)

    def message(self, connection: Connection, statement_hash: str) -> OutgoingMessage | None:
        """Return what goes to the peer for a statement, or None when it is not to learn of it any more."""
        path, now = self.blobs.path, self._clock.now()
        return outgoing(connection, statement_hash, origin=self.origin, header=self.header, path=path, now=now)

    def parked(self, connection: Connection, statement_hash: str) -> bool:
        """Return whether a statement is not to go to the peer before a freeze has ended."""
        return parked(connection, statement_hash, origin=self.origin, spared=self._spared)

    def header(self, file: Row) -> bytes:
        """Return the age header of a packet file's row."""
        return self.header_keys.open(file["manifest"], file["n"], file["header"])

    def destroy(self, manifest: str) -> bool:
        """Destroy the key and the payloads of a packet, for good; return whether all of it is gone."""
        self.header_keys.destroy(manifest)
        return self.blobs.destroy(manifest)

    def destroyed(self) -> Sequence[str]:
        """Return the manifests of all packets that were ever destroyed here, whatever the database remembers."""
        return self.header_keys.destroyed()

    def say_destroyed(self, connection: Connection, handoff: str, manifests: Collection[str]) -> int:
        """Sign that these packets of a handoff are gone, and whether their headers were given out before; how many."""
        found = HandoffStore(connection).get(handoff, lock=True)
        packets, now = PacketStore(connection), self._clock.now()
        rows = [row for row in packets.doomed(handoff) if row["manifest"] in manifests][:_MOST]
        for row in rows:
            packets.erased(row["manifest"], now)
        was = self.header_keys.was_served
        said = [{"manifest": r["manifest"], "served": bool(r["served"]) or was(r["manifest"])} for r in rows]
        if said and (found.kind == OWN_RECORD or not Discards(connection).known(handoff)):
            self.issue(connection, DESTROY, handoff, {"packets": said})
        return len(said)

    # -- the path

    def _take(
        self,
        connection: Connection,
        verified: VerifiedStatement,
        packet: ReceivedPacket | None,
        word: Receipt | None,
        keys: KeyStore,
    ) -> bytes:
        store, now = HandoffStore(connection), self._clock.now()
        known = store.statement(verified.hash)
        if known is not None:
            return bytes(known["answer"])
        if verified.statement.type in _NO_STEPS or (verified.statement.type in _AT_HOME and word is not None):
            raise UnsupportedVersion("Nobody brings a hub a step of this type.")
        signed = check_beside(senders_of(connection, verified.statement, keys), verified, packet, now)
        found = store.find(verified.statement.handoff, lock=True)
        known = store.statement(verified.hash)
        if known is not None:  # the same statement in another thread was faster, and held the handoff until now
            return bytes(known["answer"])
        handoff = self._handoff(connection, found, verified, signed)
        if found is None and not store.add(handoff):
            return self._take(connection, verified, packet, word, keys)
        log = HandoffLog(connection, self.origin)
        entry = log.append(verified.envelope.to_bytes(), now=now)
        try:
            standing, step = self._decide(connection, handoff, verified, word, packet, begins=found is None)
        except IllegalTransition as refusal:
            if word is None:
                raise
            standing, step = "refused", Step(str(refusal.facts["state"]), _position(refusal), moved=False)
        if signed is not None and packet is not None:
            self._keep(connection, handoff, signed, packet, kind=verified.statement.type, standing=standing)
        answer = self._answer(connection, verified, log, entry, standing, step, handoff)
        store.add_statement(
            verified,
            received=now,
            log_index=entry.index,
            standing=standing,
            position=step.position if step else None,
            state=step.state if step else None,
            answer=answer,
        )
        tell_systems(connection, handoff, verified.statement.type, step if standing == "effective" else None, now)
        self._after(connection, handoff, verified, standing)
        return answer

    def _decide(
        self,
        connection: Connection,
        handoff: Handoff,
        verified: VerifiedStatement,
        word: Receipt | None,
        packet: ReceivedPacket | None,
        *,
        begins: bool,
    ) -> tuple[str, Step | None]:
        """Return the statement's standing here and the step it made, if this hub or the peer's word says so."""
        if verified.statement.type == REWRAP:
            take_headers(connection, handoff, verified.statement, packet, self.header_keys)
            return "effective", None
        if verified.statement.type == DISCARD:
            discard(connection, handoff, verified.statement, self.machines.get(handoff.kind), self._clock.now())
            return "effective", None
        if handoff.kind == OWN_RECORD:
            check_kept(connection, handoff, verified.statement)
            return "effective", None
        machine, now = self.machines[handoff.kind], self._clock.now()
        if handoff.from_host == self.origin:
            step = (machine.begin if begins else machine.apply)(connection, handoff, verified, now)
            return ("effective" if step.moved else "repeated"), step
        if word is None:
            if verified.statement.hub is None:
                machine.expect(connection, handoff, verified, now)
            return WAITING, None
        if word.position is None or word.state is None:
            raise InvalidRequest("The ordering hub brings each statement with its position.")
        step = Step(word.state, word.position, moved=True)
        machine.mirror(connection, handoff, verified.statement, verified.hash, step, now)
        return "effective", step

    def _after(self, connection: Connection, handoff: Handoff, verified: VerifiedStatement, standing: str) -> None:
        """Pass the statement on, deliver what was submitted to an agency at home here, lock what was withdrawn."""
        statement, now = verified.statement, self._clock.now()
        if statement.type in _AT_HOME:
            return
        HandoffStore(connection).touch(handoff.id, now)
        other = handoff.other_host(self.origin)
        mine = _home(statement) == self.origin
        if other is not None and mine and standing != "repeated":
            Outbox(connection).put(other, verified.hash, now)
        if standing == "effective":
            self._hold(connection, handoff, statement.type, now)
        if other is not None and not mine and statement.type in DELIVERED:
            tell_again(connection, handoff.id, other, now)
        if standing == "effective":
            self._follow(connection, handoff, statement, verified.hash)

    def _follow(self, connection: Connection, handoff: Handoff, statement: Statement, name: str) -> None:
        """Say what this hub has to say itself because a statement took effect: delivered, held here now."""
        if handoff.kind in self.machines:
            for word in self.machines[handoff.kind].then(connection, handoff, statement, name):
                self.issue(connection, word.type, word.handoff, word.body)

    def _hold(self, connection: Connection, handoff: Handoff, kind: str, now: int) -> None:
        """Let what took effect stop or destroy packets, and start or end what waits for the holder's answer."""
        take_hold(connection, handoff.id, kind, lambda: self._spared(connection, handoff), now)
        if kind in ABOUT and handoff.kind in self.machines:
            self.machines[handoff.kind].watch(connection, handoff, now)

    def _spared(self, connection: Connection, handoff: Handoff) -> Collection[str]:
        """Return the packets that neither a withdrawal nor a freeze touches."""
        machine = self.machines.get(handoff.kind)
        return () if machine is None else machine.spared(connection, handoff)

    def _remember_gone(self, connection: Connection, statement: Statement) -> None:
        """Keep the id of a handoff whose withdrawal was here first, so that what is still on its way is not taken."""
        agency, now = str(statement.agency), self._clock.now()
        host = host_of(agency)
        HandoffStore(connection).add(Handoff(statement.handoff, GONE, agency, agency, host, host, now))

    def _handoff(
        self, connection: Connection, found: Handoff | None, verified: VerifiedStatement, signed: SignedManifest | None
    ) -> Handoff:
        """Return the handoff that a statement is about, or begins; the packet beside it is one that belongs there."""
        statement, now = verified.statement, self._clock.now()
        kind = SUBMISSIONS.get(statement.type)
        if kind is None or (found is not None and statement.type in ALSO_LATER):
            if found is None or found.kind == GONE or not may_speak(found, statement):
                raise NotFound("There is no such handoff here.")
            if signed is not None:
                check_part(connection, found, verified, signed, now=now)
            return found
        if found is not None:
            check_same_record(found, statement, kind)
        sender, to = parties(statement, signed, self.origin)
        if self.origin not in {host_of(sender), host_of(to)}:
            raise WrongRecipient("Neither sender nor recipient is at home here.")
        if signed is None:
            check_request(connection, statement, sender, to)
        else:
            check_submission(connection, verified, signed, now=now)
        return found or Handoff(statement.handoff, kind, sender, to, host_of(sender), host_of(to), now)

    def _keep(
        self,
        connection: Connection,
        handoff: Handoff,
        signed: SignedManifest,
        packet: ReceivedPacket,
        *,
        kind: str,
        standing: str,
    ) -> None:
        if standing == "refused" and halted(connection, handoff.id):
            return  # it crossed the withdrawal: the statement is on record, what it carried is not
        if kind != HOLDER_ANSWER:
            check_taking(connection, handoff, signed.manifest.sender, self.origin)
        packets = PacketStore(connection)
        packets.check_new(signed.manifest)
        headers = {entry.n: packet.header(entry.n) for entry in signed.manifest.files}
        for entry in signed.manifest.files:
            self.blobs.keep(signed.hash, entry.psha256, packet.files[entry.n][1])
        packets.add(handoff.id, signed, self.header_keys.seal(signed.hash, headers))

    def _answer(
        self,
        connection: Connection,
        verified: VerifiedStatement,
        log: HandoffLog,
        entry: LogEntry,
        standing: str,
        step: Step | None,
        handoff: Handoff,
    ) -> bytes:
        """Sign our word on a statement: a receipt with its proof, or a refusal, which is logged as well."""
        now = self._clock.now()
        if standing == "refused" and step is not None:
            return self._answers.refusal(log, verified, step.state, step.position or 0, now)
        ordering = handoff.from_host == self.origin and handoff.kind != OWN_RECORD
        chan = None
        if verified.statement.type in ENTRUSTING and ordering:
            seq = HandoffStore(connection).next_in_channel(handoff.from_agency, handoff.to_agency)
            chan = Channel(handoff.to_agency, seq)
        return self._answers.receipt(entry, verified, step if ordering else None, chan, now)

    def _refuse(self, connection: Connection, verified: VerifiedStatement) -> bytes:
        """Refuse a statement that leaves nothing else here; who has no part in its handoff is told nothing of it."""
        now, statement, state, position = self._clock.now(), verified.statement, UNKNOWN, 0
        handoff = HandoffStore(connection).find(statement.handoff)
        if handoff is not None and handoff.kind in self.machines and may_speak(handoff, statement):
            view = self.machines[handoff.kind].view(connection, handoff, str(statement.agency), now)
            state, position = view["state"], view["position"]
        return self._answers.refusal(HandoffLog(connection, self.origin), verified, state, position, now)


def _home(statement: Statement) -> str:
    return statement.hub or host_of(str(statement.agency))


def _position(refusal: IllegalTransition) -> int:
    position = refusal.facts.get("position")
    return position if isinstance(position, int) else 0
