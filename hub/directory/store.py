"""Rows of the public map: how an agency is called and when it works, and what it offers through which inbox.

SQL only. Both sides of the directory document (docs/protocol.md §9) are here: what a hub says of its own agencies, and
what it keeps of a peer's, replaced as a whole.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, LargeBinary, String, Table, Text, delete, insert, select

from hub.db import Store, metadata
from hub.directory.attestation import ATTESTERS
from hub.ids import host_of, random_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.keys.store import KeyStore

agency_profiles = Table(
    "agency_profiles",
    metadata,
    Column("agency", String(400), primary_key=True),
    Column("host", String(261), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("weekend", Text, nullable=False),
)

services = Table(
    "services",
    metadata,
    Column("agency", String(400), primary_key=True),
    Column("id", String(22), primary_key=True),
    Column("host", String(261), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("type", String(48), nullable=False, index=True),
    Column("inbox", String(22), nullable=False),
)


attestations = Table(
    "attestations",
    metadata,
    Column("agency", String(400), primary_key=True),
    Column("host", String(261), nullable=False, index=True),
    Column("envelope", LargeBinary, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Profile:
    """How an agency is called and when it works; `weekend` counts from Monday as 0."""

    name: str
    zone: str
    weekend: frozenset[int]


class Directory(Store):
    """Public agencies and services, inside the caller's transaction."""

    def put_profile(self, agency: str, *, name: str, zone: str, weekend: list[int]) -> None:
        """Say how an agency is called and when it works."""
        row = {"agency": agency, "host": host_of(agency), "name": name, "zone": zone, "weekend": json.dumps(weekend)}
        self._put(agency_profiles, **row)

    def put_services(self, agency: str, offered: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Say all that an agency offers, in place of what it said before; a service without `id` gets one."""
        self._run(delete(services).where(services.c.agency == agency))
        for row in offered:
            self._run(insert(services).values({"id": random_id(), **row, "agency": agency, "host": host_of(agency)}))
        return self._services(services.c.agency == agency)

    def put_attestation(self, agency: str, envelope: bytes) -> None:
        """Keep an agency's signed declaration in place of the one before."""
        self._put(attestations, agency=agency, host=host_of(agency), envelope=envelope)

    def attestation(self, agency: str) -> bytes | None:
        """Return an agency's signed declaration, or None."""
        row = self._one(select(attestations.c.envelope).where(attestations.c.agency == agency))
        return None if row is None else bytes(row["envelope"])

    def attestations(self, host: str) -> list[bytes]:
        """Return the signed declarations of the agencies of one hub."""
        found = select(attestations.c.envelope).where(attestations.c.host == host).order_by(attestations.c.agency)
        return [bytes(row["envelope"]) for row in self._all(found)]

    def replace(self, host: str, agencies: Iterable[Mapping[str, Any]], offered: Iterable[Mapping[str, Any]]) -> None:
        """Keep what a peer says of its agencies, in place of what it said before."""
        for table in (agency_profiles, services, attestations):
            self._run(delete(table).where(table.c.host == host))
        for row in agencies:
            self.put_profile(row["agency"], name=row["name"], zone=row["zone"], weekend=row["weekend"])
        for row in offered:
            self._run(insert(services).values({**row, "host": host}))

    def agencies(self, host: str | None = None) -> list[dict[str, Any]]:
        """Return the agencies of one hub, or of all, as the directory document has them."""
        c = agency_profiles.c
        query = select(c.agency, c.name, c.zone, c.weekend).order_by(c.agency)
        rows = self._all(query if host is None else query.where(c.host == host))
        return [{**row, "weekend": json.loads(row["weekend"])} for row in rows]

    def services(self, host: str | None = None) -> list[dict[str, Any]]:
        """Return the services of one hub, or of all, as the directory document has them."""
        return self._services(services.c.host.is_not(None) if host is None else services.c.host == host)

    def profile(self, agency: str) -> Profile | None:
        """Return how an agency is called and when it works, or None."""
        c = agency_profiles.c
        row = self._one(select(c.name, c.zone, c.weekend).where(c.agency == agency))
        return None if row is None else Profile(row["name"], row["zone"], frozenset(json.loads(row["weekend"])))

    def _services(self, which: Any) -> list[dict[str, Any]]:
        c = services.c
        query = select(c.id, c.agency, c.name, c.type, c.inbox).where(which).order_by(c.agency, c.id)
        return [dict(row) for row in self._all(query)]


def attester_keys(keys: KeyStore, agency: str, now: int) -> list[bytes]:
    """Return the keys of an agency's members who may sign its declaration now."""
    return [device.cert.sign for device in keys.members_with_roles(agency, ATTESTERS, now)]
