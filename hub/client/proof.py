"""The proof of who holds a case, as a file that is checked without any hub: statements, receipts, keys, checkpoints.

`make` gathers what `hub.client.register` read, with the newest checkpoint of each log and the proofs that those of the
receipts grew into it. `check` believes the hub keys and certifiers that its reader trusts, and nothing else: it walks
the chain from the opening, and says who held the case when the file was made. What came later no file can show.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hub.client import reading
from hub.client.register import HOLD, OPEN, who_holds
from hub.errors import BadSignature
from hub.handofflog import merkle
from hub.handofflog.note import verify_checkpoint
from hub.ids import host_of
from hub.keys.pins import TrustedKeys
from hub.packets import shapes as a
from hub.packets.checkpoint import Checkpoint
from hub.packets.dsse import Envelope
from hub.packets.encoding import b64u, canonical, from_b64u
from hub.statements.grammar import STATEMENT_TYPE, MemberActor, Statement
from hub.statements.receipts import Receipt, read_receipt
from hub.statements.verify import verify_statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hub.client.member import Member
    from hub.statements.verify import VerifiedStatement

_RECEIPT = "hub.receipt"
_STEP = a.object_of({"statement": a.at_least({}), "receipts": a.list_of(a.at_least({}), 8, 1)})
_GROWN = a.object_of({"size": a.integer(1), "root": a.hash_, "proof": a.list_of(a.hash_, 64)})
_HEAD = a.object_of({"host": a.host, "note": a.string, "grown": a.list_of(_GROWN, 64)})
_FORM = a.object_of(
    {
        "v": a.integer(1, 1),
        "made": a.seconds,
        "steps": a.list_of(_STEP, 64, 1),
        "agencies": a.at_least({}),
        "heads": a.distinct(a.list_of(_HEAD, 16, 1), "host"),
    }
)


@dataclass(frozen=True, slots=True)
class Step:
    """One proven word of the register, and where it stands in which log."""

    type: str
    handoff: str
    hash: str
    by: str
    at: int
    origin: str
    index: int


@dataclass(frozen=True, slots=True)
class Proven:
    """What a file proves: who held the case when it was made, whether a release was open, by which words."""

    made: int
    holder: str
    release: str | None
    unilateral: bool
    steps: tuple[Step, ...]


def make(member: Member, name: str) -> dict[str, Any]:
    """Return the proof of who holds a case, or a leg's part of it; `name` is what `who_holds` takes.

    Raises:
        NotFound: there is none. PeerUnreachable: a hub whose log it stands in does not answer.
    """
    chain = [link for link in who_holds(member, name).chain if link.position is not None or link.type in {OPEN, HOLD}]
    rows: dict[str, Any] = {}
    for handoff in dict.fromkeys(link.handoff for link in chain):
        reading.show(member, handoff)
        rows |= {row["hash"]: row for row in member.hub.get(f"/api/v1/handoffs/{handoff}")["statements"]}
    steps = [_step(rows[link.hash]) for link in chain]
    agencies = {one.agency for step in steps for one in _read(step["statement"]).by if isinstance(one, MemberActor)}
    for agency in agencies:
        member.trust.agency(agency)
    value = {
        "v": 1,
        "made": member.clock.now(),
        "steps": steps,
        "agencies": {agency: member.trust.served[agency] for agency in sorted(agencies)},
        "heads": _heads(member, steps),
    }
    check(member, value)
    return value


def check(member: Member, value: object) -> Proven:
    """Return what a proof shows, checked without a hub by what this member trusts.

    Raises:
        PacketError: a word, a key or a place in a log is not what it should be, or the words make no chain.
    """
    given = _of_form(value)
    for agency in given["agencies"]:
        _hub_key(member.trust.pins.hubs, host_of(agency))
    found = {name: member.trust.kept_keys(name, served) for name, served in given["agencies"].items()}
    keys = TrustedKeys({name: one.agencies[name] for name, one in found.items()}, member.trust.pins.hubs)
    heads = {row["host"]: _grown(keys, row) for row in given["heads"]}
    proven = [_proven(row, keys, heads, given["made"]) for row in given["steps"]]
    return _walk(proven, given["made"])


def learn(member: Member, value: object) -> None:
    """Look up the agencies that a proof names at the home hub, so that their hubs' keys are known here.

    Raises:
        Malformed: it is no proof. NotFound: one of them is not known there.
    """
    for agency in _of_form(value)["agencies"]:
        member.trust.agency(agency)


def _of_form(value: object) -> dict[str, Any]:
    _FORM(value)
    found: dict[str, Any] = value  # type: ignore[assignment]  # _FORM checked it
    for agency in found["agencies"]:
        a.agency(agency)
    return found


def _hub_key(hubs: Mapping[str, bytes], host: str) -> bytes:
    key = hubs.get(host)
    if key is None:
        raise BadSignature(
            "The proof names a hub whose key your profile does not have.",
            todo="Look at an agency there once: hub agency show NAME@HOST.",
        )
    return key


# Making


def _step(row: Mapping[str, Any]) -> dict[str, Any]:
    said = [row["answer"], *(word["envelope"] for word in row["words"])]
    return {"statement": row["envelope"], "receipts": [one for one in said if _read(one).type == _RECEIPT]}


def _heads(member: Member, steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    logs: dict[str, dict[int, str]] = {}
    for step in steps:
        for receipt in step["receipts"]:
            log = _read(receipt).body["log"]
            logs.setdefault(log["origin"], {})[log["size"]] = log["root"]
    return [_head(member, host, sizes) for host, sizes in sorted(logs.items())]


def _head(member: Member, host: str, sizes: Mapping[int, str]) -> dict[str, Any]:
    note = member.trust.head(host)
    size = verify_checkpoint(note, host, member.trust.pins.hubs[host]).size
    grown = [
        {"size": one, "root": root, "proof": [b64u(node) for node in member.trust.grown(host, *sorted((one, size)))]}
        for one, root in sorted(sizes.items())
    ]
    return {"host": host, "note": note, "grown": grown}


def _read(envelope: Mapping[str, Any]) -> Statement:
    return Statement.from_value(Envelope.from_bytes(canonical(dict(envelope)), STATEMENT_TYPE).value)


# Checking


def _grown(keys: TrustedKeys, row: Mapping[str, Any]) -> frozenset[tuple[int, bytes]]:
    """Return the heads of a log that are of one history with its signed checkpoint, which may be a minute behind."""
    head = verify_checkpoint(row["note"], row["host"], _hub_key(keys.hubs, row["host"]))
    for one in row["grown"]:
        said = Checkpoint(row["host"], one["size"], from_b64u(one["root"], 32))
        old, new = sorted((said, head), key=lambda each: each.size)
        nodes = tuple(from_b64u(node) for node in one["proof"])
        if not merkle.extends(old.size, old.root, new.size, new.root, nodes):
            raise BadSignature("A receipt is of another history of a log than its checkpoint.")
    return frozenset((one["size"], from_b64u(one["root"], 32)) for one in row["grown"])


@dataclass(frozen=True, slots=True)
class _Said:
    """A verified statement with its receipts by host."""

    statement: VerifiedStatement
    receipts: Mapping[str, Receipt]
    hashes: Mapping[str, str]

    @property
    def body(self) -> dict[str, Any]:
        return self.statement.statement.body

    @property
    def type(self) -> str:
        return self.statement.statement.type

    def placed(self, host: str) -> Receipt:
        """Return the ordering hub's receipt, which alone gives a place among the words that count."""
        receipt = self.receipts.get(host)
        if receipt is None or receipt.position is None:
            raise BadSignature("The hub that orders this step has not signed that it took effect.")
        return receipt


def _proven(
    row: Mapping[str, Any], keys: TrustedKeys, heads: Mapping[str, frozenset[tuple[int, bytes]]], now: int
) -> _Said:
    statement = _read(row["statement"])
    home = statement.hub or host_of(statement.agency or "")
    said = [verify_statement(canonical(one), keys, now=now, first=False) for one in row["receipts"]]
    own = next((one.statement.body for one in said if one.statement.hub == home), None)
    if own is None:
        raise BadSignature("A step has no receipt of the hub at which it was signed.")
    standing = keys.standing_at(home, own["index"])
    verified = verify_statement(canonical(row["statement"]), standing, now=now, first=False)
    receipts = {str(one.statement.hub): read_receipt(one, verified, merkle.includes) for one in said}
    for host, receipt in receipts.items():
        if (receipt.log.size, receipt.log.root) not in heads.get(host, frozenset()):
            raise BadSignature("A receipt is of no log whose checkpoint the proof has.")
    return _Said(verified, receipts, {str(one.statement.hub): one.hash for one in said})


@dataclass(frozen=True, slots=True)
class _Known:
    """How far the walk has come."""

    holder: str | None = None
    release: str | None = None
    leg: str | None = None
    legs: frozenset[str] = frozenset()
    taken: _Said | None = None
    unilateral: bool = False


def _walk(steps: list[_Said], made: int) -> Proven:
    known = _Known()
    for step in steps:
        known = _after(known, step)
    if known.holder is None:
        raise BadSignature("The proof does not say who holds the case.")
    return Proven(made, known.holder, known.release, known.unilateral, tuple(map(_shown, _named(steps))))


def _after(known: _Known, step: _Said) -> _Known:
    """Return how far the chain has come after one more word, if that word goes on from those before."""
    said, body = step.statement.statement, step.body
    agency = said.agency or ""
    match step.type:
        case "case.open" | "transfer.intake" if known.holder is None:
            step.placed(host_of(agency))
            after = replace(known, holder=agency)
        case "case.hold" if known.taken is not None and _cites(step, known.taken):
            after = replace(known, holder=body["to"], taken=None, legs=frozenset())
        case "case.leg" if agency == known.holder:
            step.placed(host_of(agency))
            after = replace(known, legs=known.legs | {body["leg"]})
        case "transfer.release" if known.holder in {None, agency} and (not known.legs or said.handoff in known.legs):
            step.placed(host_of(agency))
            after = replace(known, holder=agency, release=step.statement.hash, leg=said.handoff)
        case "transfer.take" if body["release"] == known.release and said.handoff == known.leg:
            step.placed(host_of(known.holder or ""))
            after = replace(known, holder=agency, release=None, taken=step)
        case "transfer.assume" if known.holder in {None, body["of"]}:
            step.placed(host_of(body["of"]))
            after = replace(known, holder=agency, release=None, taken=step, unilateral=True)
        case "transfer.succeeded" if known.holder is not None and said.hub == host_of(known.holder):
            after = replace(known, holder=body["by"], release=None, unilateral=True)
        case _:
            raise BadSignature("The words of the proof make no chain of responsibility.")
    return after


def _cites(hold: _Said, taken: _Said) -> bool:
    """Whether the first word of a register cites the take before it, by the ordering hub's receipt."""
    body, origin = hold.body, hold.body["log"]["origin"]
    receipt, to = taken.receipts.get(origin), hold.statement.statement.hub
    index = receipt is not None and receipt.index == body["log"]["index"] and receipt.position is not None
    named = (body["take"], body["receipt"]) == (taken.statement.hash, taken.hashes.get(origin))
    mine = body["to"] == taken.statement.statement.agency and to == host_of(body["to"])
    return bool(index and named and mine)


def _named(steps: list[_Said]) -> Iterator[tuple[_Said, Receipt]]:
    for step in steps:
        yield step, next(iter(step.receipts.values()))


def _shown(row: tuple[_Said, Receipt]) -> Step:
    step, receipt = row
    said = step.statement.statement
    by = said.agency or said.hub or ""
    return Step(said.type, said.handoff, step.statement.hash, by, said.at, receipt.log.origin, receipt.index)
