"""An agency's declaration, signed by its own admin: nothing goes on to enforcement, safeguarding is in force (R09).

Pure. A hub keeps and passes on what was signed; whoever relies on it verifies it with the agency's certificates, so
that no hub can make or renew one.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hub.errors import BadSignature, Expired, InvalidRequest
from hub.packets import shapes as a
from hub.packets.dsse import Envelope, sign_envelope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.packets.dsse import Signer

ATTESTATION_TYPE = "application/vnd.rcp.attestation+json;v=1"
ATTESTERS = frozenset({"agency_admin", "data_officer"})
LONGEST = timedelta(days=731)
"""A declaration is renewed every second year at the latest (J)."""
_AHEAD = 600
_SHAPE = a.object_of(
    {
        "v": a.integer(1, 1),
        "agency": a.agency,
        "firewall_until": a.date,
        "safeguarding_until": a.date,
        "at": a.seconds,
    }
)


@dataclass(frozen=True, slots=True)
class Attestation:
    """What an agency declares, and the last days of it, `YYYY-MM-DD`; `at` is when it was signed."""

    agency: str
    firewall_until: str
    safeguarding_until: str
    at: int


def sign_attestation(attestation: Attestation, signer: Signer) -> Envelope:
    """Return the declaration signed.

    Raises:
        InvalidRequest: it would hold longer than two years.
    """
    last = datetime.fromtimestamp(attestation.at, UTC).date() + LONGEST
    if max(attestation.firewall_until, attestation.safeguarding_until) > last.isoformat():
        raise InvalidRequest("A declaration holds for two years at most.", todo="Name an earlier day.")
    return sign_envelope(ATTESTATION_TYPE, {"v": 1, **asdict(attestation)}, [signer])


def read_attestation(data: bytes, agency: str, keys: Iterable[bytes], *, now: int) -> Attestation:
    """Return the declaration of an agency; `keys` are those of its members who may sign one.

    Raises:
        PacketError: not of the grammar, signed by nobody of these, another agency's, too long or from the future.
    """
    envelope = Envelope.from_bytes(data, ATTESTATION_TYPE)
    value: dict[str, Any] = envelope.value
    _SHAPE(value)
    _signed_by_one(envelope, keys)
    found = Attestation(**{name: item for name, item in value.items() if name != "v"})
    last = datetime.fromtimestamp(found.at, UTC).date() + LONGEST
    if found.agency != agency or max(map(date.fromisoformat, (found.firewall_until, found.safeguarding_until))) > last:
        raise BadSignature("A declaration is another agency's, or holds too long.")
    if found.at > now + _AHEAD:
        raise Expired("A declaration is dated in the future.")
    return found


def _signed_by_one(envelope: Envelope, keys: Iterable[bytes]) -> None:
    for key in keys:
        with suppress(BadSignature):
            return envelope.verified_by([key])
    raise BadSignature("A declaration is signed by nobody who may make it.")
