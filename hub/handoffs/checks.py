"""What a hub can see of a submission without reading it, checked alike by the sender's and the recipient's hub.

The rules about content run in clients; here are recipient, country, period, keys and verdict
(docs/protocol.md §4.4, §7.1). The ciphertext is checked in `hub.packets.verify`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from consent.policy import GATES, POLICY_VERSION
from hub.casefile.gates.policy import GATES as CASE_GATES
from hub.errors import (
    BadSignature,
    Conflict,
    ConsentMissing,
    Forbidden,
    InvalidRequest,
    UnsupportedVersion,
    WrongRecipient,
)
from hub.handoffs.domain import ENTRUSTING, REWRAP
from hub.handoffs.links import chain_at
from hub.handoffs.outgoing import OWN_RECORD, SEALED_TO_SELF
from hub.keys.certificates import INBOUND_ONLY, NEVER_RECEIVE, PERSON_ONLY, device_kid
from hub.keys.store import KeyStore
from hub.packets.manifest import check_manifest
from hub.packets.verify import check_ciphertext
from hub.statements.grammar import ASSUME, NOTICE
from hub.statements.links import Link

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.handoffs.blobs import ReceivedPacket
    from hub.handoffs.ports import Party
    from hub.handoffs.store import Handoff
    from hub.keys.certificates import KeyEntry
    from hub.packets.manifest import Manifest, Senders, SignedManifest
    from hub.statements.grammar import Statement
    from hub.statements.verify import VerifiedStatement


_FOR_THE_RECIPIENT = ENTRUSTING | {"transfer.request_assessment", "transfer.search"}
"""The steps that would be empty words if the sender sealed to itself what stands beside them."""


def check_submission(connection: Connection, verified: VerifiedStatement, signed: SignedManifest, *, now: int) -> None:
    """Check who sends to whom, under which grant, with which verdict.

    Raises:
        Forbidden: the recipient may never receive (R07), or is no recipient of this kind of handoff.
        ConsentMissing: the grant names another country or is past.
        WrongRecipient: an unknown recipient, inbox or key.
        InvalidRequest: verdict or signers do not fit the policy.
        UnsupportedVersion: the verdict is of another policy.
    """
    manifest = signed.manifest
    own = verified.statement.type in SEALED_TO_SELF
    if own != (manifest.to == manifest.sender) or own != (manifest.grant is None):
        raise Forbidden("An own record goes to the own agency, and nothing else does.")
    check_sender(connection, verified.statement)
    country = _check_recipient(connection, manifest, now, _link(verified, manifest))
    if not own:
        _check_grant(manifest, country)
        _check_period(manifest, now)
    _check_verdict(verified)


def check_beside(
    keys: Senders, verified: VerifiedStatement, packet: ReceivedPacket | None, now: int
) -> SignedManifest | None:
    """Check the packet beside a statement: named by it, signed by one of its signers, the bytes as its manifest says.

    Raises:
        InvalidRequest: they do not name one another.
        BadSignature: another member signed the packet.
        PacketError: the packet is not what it should be.
    """
    named = verified.statement.manifest
    if verified.statement.type == REWRAP:
        return None  # what comes beside it are headers alone
    if named is None or packet is None:
        if named is not None or packet is not None:
            raise InvalidRequest("A statement and the packet beside it must name one another.")
        return None
    signed = check_manifest(packet.manifest, keys, now=now)
    if signed.hash != named:
        raise InvalidRequest("A statement and the packet beside it must name one another.")
    members = {getattr(actor, "member", None) for actor in verified.statement.by}
    if signed.manifest.sender != verified.statement.agency or signed.member not in members:
        raise BadSignature("A packet must be signed by a member who signs its statement.")
    check_ciphertext(signed.manifest, packet)
    return signed


def check_sender(connection: Connection, statement: Statement) -> None:
    """Check that an agency that may never receive asks for nothing and sends nothing but the notice of an arrival.

    Raises:
        Forbidden: it tries to, or another one sends such a notice (R08).
    """
    entry = KeyStore(connection).find_agency(str(statement.agency))
    kind, notice = None if entry is None else entry.kind, statement.type == NOTICE
    if notice != (kind in INBOUND_ONLY) or (kind in NEVER_RECEIVE and not notice):
        raise Forbidden("An agency of this kind sends notices of arrivals alone, and nobody else does.", rule="R08")


def check_request(connection: Connection, statement: Statement, sender: str, to: str) -> None:
    """Check a submission without a packet: by whom it is, from whom and to whom it goes.

    Raises:
        Forbidden: an agency that may never receive signs it (R08).
        WrongRecipient: an agency that is not known here.
    """
    if statement.hub is None:
        check_sender(connection, statement)
    if None in {KeyStore(connection).find_agency(agency) for agency in (sender, to)}:
        raise WrongRecipient("This recipient is not known here.")


def parties(statement: Statement, signed: SignedManifest | None, origin: str) -> tuple[str, str]:
    """Return sender and recipient of the handoff that a statement begins.

    What a hub begins is of an agency at home there; who assumes a case signs for it, and its holder's hub orders that.

    Raises:
        Forbidden: another hub's word that only the own one has.
    """
    if statement.hub is not None:
        if statement.hub != origin:
            raise Forbidden("A hub begins handoffs of its own agencies alone.")
        return statement.body["to"], statement.body["to"]
    if statement.type == ASSUME:
        return statement.body["of"], str(statement.agency)
    return str(statement.agency), str(signed.manifest.to if signed else statement.body["to"])


def check_part(
    connection: Connection, handoff: Party, verified: VerifiedStatement, signed: SignedManifest, *, now: int
) -> None:
    """Check the packet beside a later step: to the other party, or to the own agency as evidence and notes are.

    A reply may come back after the basis has ended, or no outcome could; what the sender adds may not go out then. Only
    what is for the recipient is sealed to a link: what is for the own agency has no grant.

    Raises:
        Forbidden: the recipient may never receive (R07).
        ConsentMissing: the grant names another country or is past.
        WrongRecipient: a third agency, or an unknown inbox or key.
    """
    manifest, mine = signed.manifest, verified.statement.agency
    for_them = verified.statement.type in _FOR_THE_RECIPIENT
    if manifest.to not in ({handoff.to_agency} if for_them else {handoff.from_agency, handoff.to_agency}):
        raise WrongRecipient("A packet beside a step goes to the other party of the handoff.")
    link = _link(verified, manifest)
    if link is None and any(file.member for file in manifest.files):
        link = chain_at(connection, handoff.id).live
    country = _check_recipient(connection, manifest, now, link if manifest.to == handoff.to_agency else None)
    _check_verdict(verified)
    if manifest.to != mine:
        _check_grant(manifest, country)
        if mine == handoff.from_agency:
            _check_period(manifest, now)


def may_speak(handoff: Handoff, statement: Statement) -> bool:
    """Return whether the signer of a statement has a part in a handoff."""
    if statement.hub is not None:
        return statement.hub in {handoff.from_host, handoff.to_host}
    return handoff.has_party(str(statement.agency))


def check_same_record(found: Handoff, statement: Statement, kind: str) -> None:
    """Return if `found` is an own record that a later `record.put` replaces.

    Raises:
        Conflict: the handoff id is taken by something else.
    """
    if kind != OWN_RECORD or found.kind != OWN_RECORD or found.from_agency != statement.agency:
        raise Conflict("This handoff id was used before.", todo="Make a new handoff with a fresh id.")


def may_receive(connection: Connection, agency: str) -> KeyEntry:
    """Return the newest key entry of an agency that may be given packets now, whatever it was when they were sent.

    Raises:
        Forbidden: it may never receive (R07).
        WrongRecipient: it is not known here.
    """
    found = KeyStore(connection).find_agency(agency)
    if found is None:
        raise WrongRecipient("This recipient is not known here.")
    if found.kind in NEVER_RECEIVE:
        raise Forbidden("This agency works in migration enforcement and can never receive case data.", rule="R07")
    return found


def _link(verified: VerifiedStatement, manifest: Manifest) -> Link | None:
    """Return the link that a statement names; the packet beside it is then sealed to it and to nobody else."""
    link = Link.of(verified.statement)
    if link is not None and any(file.member != link.id for file in manifest.files):
        raise WrongRecipient("A packet that comes with a link is sealed to that link.")
    return link


def _check_recipient(connection: Connection, manifest: Manifest, now: int, link: Link | None) -> str:
    entry = may_receive(connection, manifest.to)
    _check_keys(KeyStore(connection), manifest, entry, now, link)
    return entry.country


def _check_keys(keys: KeyStore, manifest: Manifest, entry: KeyEntry, now: int, link: Link | None) -> None:
    if manifest.inbox not in entry.inboxes:
        raise WrongRecipient("The recipient has no such inbox.")
    epochs = {key.epoch: {device_kid(key.recipient)} for key in entry.enc}
    for file in manifest.files:
        named = file.member is not None
        if named == (file.epoch is not None) or (entry.kind == PERSON_ONLY and not named):
            raise WrongRecipient("A packet is sealed to an agency's epoch, or to one named person.")
        if not named and file.epoch not in epochs:
            raise WrongRecipient(
                "The recipient has published no such epoch.", todo="Fetch its newest keys; seal again."
            )
        if link is not None and file.member == link.id:
            good = {device_kid(link.recipient)}
        else:
            good = epochs[file.epoch] if file.epoch is not None else _devices(keys, manifest.to, str(file.member), now)
        if not good.issuperset(file.kids):
            raise WrongRecipient(
                "A file is sealed to a key that is not the recipient's.", todo="Fetch its newest keys; seal again."
            )


def _devices(keys: KeyStore, agency: str, member: str, now: int) -> set[str]:
    return {device_kid(device.recipient) for device in keys.devices(agency, member=member) if device.active(now)}


def _check_grant(manifest: Manifest, country: str) -> None:
    if manifest.grant is None or manifest.grant.country != country:
        raise ConsentMissing("The basis names another country than the recipient's.", rule="R01")


def _check_period(manifest: Manifest, now: int) -> None:
    if manifest.grant is not None and manifest.grant.until < datetime.fromtimestamp(now, UTC).strftime("%Y-%m"):
        raise ConsentMissing("The basis has ended.", rule="R04")


def gates_of(statement_type: str) -> tuple[str, ...]:
    """Return the gates that a verdict of a statement of a type names, whatever applied: a constant shape."""
    consents = tuple(GATES) if statement_type in ENTRUSTING | {"transfer.request_assessment"} else ()
    return consents + (CASE_GATES if statement_type.startswith("transfer.") else ())


def _check_verdict(verified: VerifiedStatement) -> None:
    verdict = verified.statement.body.get("verdict")
    if verdict is None:
        return
    if verdict["policy"] != POLICY_VERSION:
        raise UnsupportedVersion("The verdict is of a policy that is not in force here.", todo="Update the client.")
    if [gate["id"] for gate in verdict["gates"]] != list(gates_of(verified.statement.type)):
        raise InvalidRequest("The verdict does not name every gate of the policy, in its order.")
    roles = sorted(actor.to_value()["role"] for actor in verified.statement.by)
    told = sorted(role for row in verdict["signers"] for role in [row["role"]] * row["n"])
    if roles != told:
        raise InvalidRequest("The verdict names other signers than the statement has.")
