"""Rows of the directory document: how an agency is called and when it works (docs/protocol.md §9).

SQL only. Both of its sides are here: what a hub says of its own agencies, and what it keeps of a peer's, replaced as a
whole. What agencies offer stands in the service map; here it is only asked for.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Column, LargeBinary, String, Table, Text, delete, select

from hub.db import Store, metadata
from hub.directory.attestation import ATTESTERS
from hub.directory.records.record import PROVIDER
from hub.directory.records.visibility import PARTNERS
from hub.directory.servicemap.store import map_aliases, map_postings, map_records, map_views
from hub.ids import host_of

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
    Column("closed", Text, nullable=False),
    Column("worked", Text, nullable=False),
    Column("remote", Boolean, nullable=False),
)

attestations = Table(
    "attestations",
    metadata,
    Column("agency", String(400), primary_key=True),
    Column("host", String(261), nullable=False, index=True),
    Column("envelope", LargeBinary, nullable=False),
)


_LISTS = ("weekend", "closed", "worked")


@dataclass(frozen=True, slots=True)
class Profile:
    """How an agency is called and when it works; `weekend` counts from Monday as 0.

    `closed` are its own days off (`YYYY-MM-DD`), `worked` the public holidays on which it works all the same; `remote`
    doubles the limits of the urgency classes.
    """

    name: str
    zone: str
    weekend: frozenset[int]
    closed: frozenset[str] = frozenset()
    worked: frozenset[str] = frozenset()
    remote: bool = False


class Directory(Store):
    """What agencies say of themselves, inside the caller's transaction."""

    def put_profile(self, agency: str, profile: Profile) -> None:
        """Say how an agency is called and when it works."""
        lists = {name: json.dumps(sorted(getattr(profile, name))) for name in _LISTS}
        plain = {"name": profile.name, "zone": profile.zone, "remote": profile.remote}
        self._put(agency_profiles, agency=agency, host=host_of(agency), **plain, **lists)

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

    def replace(self, host: str, agencies: Iterable[Mapping[str, Any]]) -> None:
        """Keep what a peer says of its agencies, in place of what it said before."""
        for table in (agency_profiles, attestations):
            self._run(delete(table).where(table.c.host == host))
        for row in agencies:
            self.put_profile(row["agency"], profile_of(row))

    def agencies(self, host: str | None = None) -> list[dict[str, Any]]:
        """Return the agencies of one hub, or of all, as the directory document has them."""
        query = select(agency_profiles).order_by(agency_profiles.c.agency)
        rows = self._all(query if host is None else query.where(agency_profiles.c.host == host))
        return [{"agency": row["agency"], **_plain(row)} for row in rows]

    def offers(self, today: str) -> dict[str, list[str]]:
        """Return the needs that the services of each agency meet, as partners may see them on a day."""
        p, v = map_postings.c, map_views.c
        shown = (v.agency != "", v.id == p.service, p.level <= PARTNERS, p.shown_until >= today)
        found: dict[str, list[str]] = {}
        for row in self._all(select(v.agency, p.need).where(*shown).distinct().order_by(v.agency, p.need)):
            found.setdefault(row["agency"], []).append(row["need"])
        return found

    def provider_of(self, agency: str) -> str | None:
        """Return the id of the provider that an agency keeps as itself, or None."""
        c = map_records.c
        which = (c.kind == PROVIDER, c.agency == agency, c.steward == agency, c.id.not_in(select(map_aliases.c.id)))
        return self._connection.scalar(select(c.id).where(*which).order_by(c.id).limit(1))

    def profile(self, agency: str) -> Profile | None:
        """Return how an agency is called and when it works, or None."""
        row = self._one(select(agency_profiles).where(agency_profiles.c.agency == agency))
        return None if row is None else profile_of(_plain(row))


def profile_of(row: Mapping[str, Any]) -> Profile:
    """Return the profile in a row of a document or a request that was checked before."""
    lists = {name: frozenset(row[name]) for name in _LISTS}
    return Profile(row["name"], row["zone"], remote=row["remote"], **lists)


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    lists = {name: json.loads(row[name]) for name in _LISTS}
    return {"name": row["name"], "zone": row["zone"], "remote": bool(row["remote"]), **lists}


def attester_keys(keys: KeyStore, agency: str, now: int) -> list[bytes]:
    """Return the keys of an agency's members who may sign its declaration now."""
    return [device.cert.sign for device in keys.members_with_roles(agency, ATTESTERS, now)]
