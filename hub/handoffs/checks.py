"""What a hub can see of a submission without reading it, checked alike by the sender's and the recipient's hub.

The rules about content run in clients; here are recipient, country, period, keys, verdict and ciphertext
(docs/protocol.md §4.4, §7.1).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from consent.policy import GATES, POLICY_VERSION
from hub.errors import BadSignature, ConsentMissing, Expired, Forbidden, InvalidRequest, Malformed, WrongRecipient
from hub.handoffs.blobs import digest
from hub.ids import host_of
from hub.keys.certificates import NEVER_RECEIVE
from hub.keys.store import KeyStore
from hub.packets.age import Header, check_policy, read_header
from hub.packets.encoding import b64u, sha256

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from hub.handoffs.blobs import ReceivedPacket
    from hub.packets.manifest import Manifest, SignedManifest
    from hub.statements.verify import VerifiedStatement

_NO_EPOCH = "community_structure"


def check_packet(signed: SignedManifest, packet: ReceivedPacket) -> None:
    """Check the age files beside a manifest: all there, header and payload as the manifest says.

    Raises:
        Malformed: a file too many or too few, or one that is no age file.
        BadSignature: a header or payload is not the one that was signed.
    """
    if set(packet.files) != {entry.n for entry in signed.manifest.files}:
        raise Malformed("The files of the packet are not those of its manifest.")
    for entry in signed.manifest.files:
        with packet.files[entry.n].open("rb") as source:
            header = read_header(source)
        check_policy(Header.from_bytes(header), len(entry.kids))
        if b64u(sha256(header)) != entry.hsha256:
            raise BadSignature("A file's header is not the one that was signed.")
        found, size = digest(packet.files[entry.n], len(header))
        if size != entry.plen or b64u(found) != entry.psha256:
            raise BadSignature("A file's content is not what was signed.")


def check_submission(
    connection: Connection, verified: VerifiedStatement, signed: SignedManifest, *, origin: str, now: int
) -> None:
    """Check who sends to whom, under which grant, with which verdict.

    Raises:
        Forbidden: the recipient may never receive (R07), or is no recipient of this kind of handoff.
        ConsentMissing: the grant names another country or is past.
        WrongRecipient: an unknown recipient, inbox or key.
        InvalidRequest: verdict or signers do not fit the policy.
    """
    manifest, body = signed.manifest, verified.statement.body
    own = verified.statement.type == "record.put"
    if own != (manifest.to == manifest.sender) or own != (manifest.grant is None):
        raise Forbidden("An own record goes to the own agency, and nothing else does.")
    if origin not in {host_of(manifest.sender), host_of(manifest.to)}:
        raise WrongRecipient("Neither sender nor recipient is at home here.")
    agency = KeyStore(connection).agency(manifest.to)
    if agency.kind in NEVER_RECEIVE:
        raise Forbidden("This agency works in migration enforcement and can never receive case data.", rule="R07")
    _check_keys(manifest, agency.entry)
    if not own:
        _check_grant(manifest, agency.entry.country, now)
        _check_verdict(body, verified)


def _check_keys(manifest: Manifest, entry: Any) -> None:
    if manifest.inbox not in entry.inboxes:
        raise WrongRecipient("The recipient has no such inbox.")
    epochs = {key.epoch for key in entry.enc}
    for file in manifest.files:
        named = file.member is not None
        if named == (file.epoch is not None) or (entry.kind == _NO_EPOCH and not named):
            raise WrongRecipient("A packet is sealed to an agency's epoch, or to one named person.")
        if not named and file.epoch not in epochs:
            raise WrongRecipient(
                "The recipient has published no such epoch.", todo="Fetch its newest keys; seal again."
            )


def _check_grant(manifest: Manifest, country: str, now: int) -> None:
    grant = manifest.grant
    if grant is None or grant.country != country:
        raise ConsentMissing("The basis names another country than the recipient's.", rule="R01")
    if grant.until < datetime.fromtimestamp(now, UTC).strftime("%Y-%m"):
        raise ConsentMissing("The basis has ended.", rule="R04")
    if manifest.expires <= now:
        raise Expired("The packet has expired.")


def _check_verdict(body: Mapping[str, Any], verified: VerifiedStatement) -> None:
    verdict = body["verdict"]
    if verdict["policy"] != POLICY_VERSION:
        raise InvalidRequest("The verdict is of a policy that is not in force here.", todo="Update the client.")
    if [gate["id"] for gate in verdict["gates"]] != list(GATES):
        raise InvalidRequest("The verdict does not name every gate of the policy, in its order.")
    roles = sorted(actor.to_value()["role"] for actor in verified.statement.by)
    told = sorted(role for row in verdict["signers"] for role in [row["role"]] * row["n"])
    if roles != told:
        raise InvalidRequest("The verdict names other signers than the statement has.")
