"""Which agencies, members and hubs this client believes, and how it comes to: `hub.keys.pins` over what the hub serves.

The hub hands out key documents with proofs; every one of them is judged here. A peer hub's key is taken from the home
hub, whose operator compared its fingerprint; what agencies are is for two certifiers or a fingerprint all the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hub.client.transport import HubSession, well_formed
from hub.errors import BadSignature, NotFound, WrongRecipient
from hub.handofflog.merkle import extends
from hub.handofflog.note import parse_checkpoint, verify_checkpoint
from hub.ids import host_of
from hub.keys.certificates import fingerprint
from hub.keys.pins import Pins, ProvenDocument, TrustedAgency, TrustedKeys, accept_agency
from hub.packets.checkpoint import Checkpoint
from hub.packets.encoding import from_b64u

if TYPE_CHECKING:
    from hub.clock import Clock
    from hub.keys.certificates import MemberCert

_FRESH = 60
"""Seconds for which an agency is not asked for again: a revocation counts here after that at the latest."""


def devices_of(agency: TrustedAgency, member: str, now: int) -> tuple[MemberCert, ...]:
    """Return a member's certified devices.

    Raises:
        WrongRecipient: the agency has no such member now (R17).
    """
    found = tuple(cert for cert in agency.members(now) if cert.member == member)
    if not found:
        raise WrongRecipient("This person's key is no longer active.", todo="Choose the deputy.", rule="R17")
    return found


class Trust:
    """What one member's client believes. `pins` are what the vault keeps."""

    def __init__(self, hub: HubSession, pins: Pins, *, host: str, clock: Clock) -> None:
        self.pins = pins
        self._hub = hub
        self._host = host
        self._clock = clock
        self._found: dict[str, tuple[int, TrustedAgency]] = {}
        self.served: dict[str, dict[str, Any]] = {}

    def agency(self, agency: str, *, fingerprint: str = "", fresh: bool = True) -> TrustedAgency:
        """Return an agency whose keys were verified; `fingerprint` is what a person compared by phone.

        Unless `fresh`, what was verified before is good enough: for the own agency, and for who signed what.

        Raises:
            BadSignature: its documents do not verify, or nobody whom this client trusts vouches for it.
        """
        found = self._look_up(agency, fingerprint) if fresh else self._cached(agency)
        if not found.accepted:
            raise BadSignature(
                "Nobody whom this client trusts vouches for this agency.",
                todo="Compare its fingerprint by phone and give it with --fingerprint.",
            )
        return found

    def look_at(self, agency: str) -> TrustedAgency:
        """Return an agency to be shown, whether or not it is believed; nothing may be sealed to it on this alone."""
        return self._look_up(agency, "")

    def keys(self, *agencies: str) -> TrustedKeys:
        """Return who may sign for these agencies and the hubs that this client knows."""
        found = {agency: self._cached(agency) for agency in agencies}
        return TrustedKeys(found, self.pins.hubs)

    def kept_keys(self, agency: str, served: dict[str, Any]) -> TrustedKeys:
        """Return who may sign for an agency by key documents that were served before: what proves without a hub."""
        with well_formed():
            pins = replace(self.pins, checkpoints={})
            head, pins = pins.see_checkpoint(served["checkpoint"], host_of(agency))
            documents = [ProvenDocument.from_value(row) for row in served["entries"]]
        return TrustedKeys({agency: accept_agency(pins, agency, documents, head)[0]}, pins.hubs)

    def forget(self) -> None:
        """Ask the hub again at the next question."""
        self._found.clear()

    def log_head(self) -> Checkpoint:
        """Return the newest checkpoint of the home hub that was seen, for a manifest."""
        return self.pins.checkpoints.get(self._host) or Checkpoint(self._host, 0, bytes(32))

    def compare(self, head: Checkpoint) -> None:
        """Check a log's head against the one that was seen at the same size.

        Raises:
            BadSignature: the log was forked.
        """
        seen = self.pins.checkpoints.get(head.origin)
        if seen is not None and seen.size == head.size and seen.root != head.root:
            raise BadSignature("A hub has shown two histories of its log.", todo="Tell the operators of both hubs.")

    def _cached(self, agency: str) -> TrustedAgency:
        at, found = self._found.get(agency, (0, None))
        fresh = found is not None and abs(self._clock.now() - at) < _FRESH
        return found if found is not None and fresh else self._look_up(agency, "")

    def _look_up(self, agency: str, digits: str) -> TrustedAgency:
        served = self._hub.get(f"/api/v1/agencies/{quote(agency, safe=':@')}")
        host = host_of(agency)
        with well_formed():
            self._know_hub(host)
            head = self._see(host, served["checkpoint"])
            documents = [ProvenDocument.from_value(row) for row in served["entries"]]
        found, self.pins = accept_agency(self.pins, agency, documents, head, fingerprint=digits)
        self._found[agency] = (self._clock.now(), found)
        self.served[agency] = served
        return found

    def head(self, host: str) -> str:
        """Return the newest checkpoint of a hub's log as a note, asked for there; it goes on from what was seen.

        It is not pinned: the home hub's copy of another hub's keys may be older, and still counts.
        """
        self._know_hub(host)
        note, seen = self._log(host).text("/log/checkpoint"), self.pins.checkpoints.get(host)
        head = verify_checkpoint(note, host, self.pins.hubs[host])
        if seen is not None:
            self.check_grown(seen, head, self.grown(host, seen.size, head.size))
        return note

    @staticmethod
    def check_grown(old: Checkpoint, new: Checkpoint, proof: tuple[bytes, ...]) -> None:
        """Return if a log only grew between two heads.

        Raises:
            BadSignature: it was rolled back or forked.
        """
        if old.origin != new.origin or not extends(old.size, old.root, new.size, new.root, proof):
            raise BadSignature("A hub has shown two histories of its log.", todo="Tell the operators of both hubs.")

    def grown(self, host: str, old: int, new: int) -> tuple[bytes, ...]:
        """Return a hub's proof that its log only grew between two sizes; the caller checks it."""
        if not 0 < old < new:
            return ()
        with well_formed():
            rows = self._log(host).get("/log/consistency", old=old, new=new)["proof"]
            return tuple(from_b64u(row) for row in rows)

    def url(self, host: str) -> str:
        """Return the address of a hub as the home hub knows it."""
        return self._hub.url if host == self._host else self._peer(host)["url"]

    def _know_hub(self, host: str) -> None:
        if host not in self.pins.hubs:
            key = from_b64u(self._peer(host)["sign"], 32)
            self.pins = self.pins.trust_hub(host, key, fingerprint(key))

    def _log(self, host: str) -> HubSession:
        return self._hub if host == self._host else HubSession(self._peer(host)["url"])

    def _peer(self, host: str) -> dict[str, str]:
        rows: list[dict[str, str]] = self._hub.get("/federation/v1/peers")["peers"]
        found = next((row for row in rows if row["host"] == host), None)
        if found is None:
            raise NotFound("That hub is no peer of the home hub.", todo="Ask the operator to add it.")
        return found

    def _see(self, host: str, note: str) -> Checkpoint:
        seen, new = self.pins.checkpoints.get(host), parse_checkpoint(note)
        proof = self.grown(host, seen.size, new.size) if seen is not None else ()
        head, self.pins = self.pins.see_checkpoint(note, host, proof)
        return head
