"""Opaque identifiers: random, never sequence numbers, never derived from a person.

An agency is `urn:rcp:agency:<name>@<host>`; handoffs and packets are 16 random bytes as unpadded base64url.
"""

from __future__ import annotations

import re
import secrets
from base64 import urlsafe_b64encode
from typing import NewType

AgencyId = NewType("AgencyId", str)
MemberId = NewType("MemberId", str)
HandoffId = NewType("HandoffId", str)
PacketId = NewType("PacketId", str)

AGENCY_PATTERN = re.compile(r"urn:rcp:agency:[a-z0-9](?:[a-z0-9-]{0,62})@[a-z0-9](?:[a-z0-9.-]{0,251})(?::[0-9]{1,5})?")
RANDOM_PATTERN = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]")


def random_id() -> str:
    """Return 16 random bytes as 22 characters of unpadded base64url."""
    return urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")


def agency_id(name: str, host: str) -> AgencyId:
    """Return the address of agency `name` whose home hub is `host`.

    Raises:
        ValueError: `name` or `host` has characters that an address cannot have.
    """
    address = f"urn:rcp:agency:{name}@{host}"
    if not AGENCY_PATTERN.fullmatch(address):
        msg = "an agency is named by lower-case letters, digits and hyphens"
        raise ValueError(msg)
    return AgencyId(address)


def host_of(agency: str) -> str:
    """Return the home hub's host out of an agency's address."""
    return agency.rpartition("@")[2]
