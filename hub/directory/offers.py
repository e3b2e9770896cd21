"""The short way in which an agency says what it offers: its provider record, and one service record for each offer.

Makes drafts for the one path by which the map changes; everything that a form can say, stays as it was said there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.directory.records.freshness import day_of
from hub.directory.records.record import PROVIDER, SERVICE, id_from
from hub.directory.servicemap.store import ServiceMap
from hub.directory.servicemap.write import Draft
from hub.directory.store import Directory
from hub.errors import Conflict, InvalidRequest
from hub.keys.store import KeyStore

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from hub.directory.servicemap.store import Row

_KINDS: Final = {
    **{kind: kind for kind in ("io", "ngo", "school", "municipality", "court_panel", "community_structure")},
    "authority": "government",
    "local_government": "municipality",
    "health": "health_facility",
}
"""The kinds of providers that agencies of a certified kind are; the others are counted among the non-governmental."""
_INFORMAL: Final = "community_structure"


class Offering:
    """What one agency offers, inside the caller's transaction."""

    def __init__(self, connection: Connection, agency: str, now: int) -> None:
        self._map, self._directory = ServiceMap(connection), Directory(connection)
        self._agency, self._entry = agency, KeyStore(connection).agency(agency)
        self._checked = {"on": day_of(now), "how": "provider", "by": agency}

    def drafts(self, offers: Sequence[Mapping[str, str]], inbox: str, areas: Sequence[str]) -> list[Draft]:
        """Return all that the agency offers as drafts, its provider first; what it no longer offers becomes inactive.

        Raises:
            InvalidRequest: an inbox that the agency has not published, or the same offer twice.
            Conflict: the id of an offer was taken by somebody else.
        """
        ids = [self._id(offer["need"], offer["name"]) for offer in offers]
        if len(set(ids)) != len(ids) or inbox not in self._entry.inboxes:
            raise InvalidRequest("An offer is named once, with an inbox that the agency has published.")
        provider = self._provider()
        said = {"organization_id": provider.document["id"], "inbox": inbox}
        if areas:
            said["coverage"] = {"areas": list(areas), "extent": "area"}
        made = [self._service(record, offer, said) for record, offer in zip(ids, offers, strict=True)]
        return [provider, *made, *self._ended(str(provider.document["id"]), set(ids))]

    def _provider(self) -> Draft:
        known = self._directory.provider_of(self._agency) or id_from(self._agency, PROVIDER)
        row = self._own(known)
        new = {"id": known, "description": "", "kind": _KINDS.get(self._entry.kind, "ngo")}
        document = {**new, "formal": self._entry.kind != _INFORMAL} if row is None else row.document
        profile = self._directory.profile(self._agency)
        name = document.get("name", self._agency) if profile is None else profile.name
        said = {"name": name, "agency": self._agency, "country": self._entry.country}
        return self._draft(PROVIDER, {**document, **said}, "offer")

    def _service(self, record: str, offer: Mapping[str, str], said: Mapping[str, Any]) -> Draft:
        row = self._own(record)
        document = {"id": record, "role": "deliver", "focal_point": {"agency": self._agency}}
        document |= {"name": offer["name"], "needs": [offer["need"]]} if row is None else row.document
        return self._draft(SERVICE, {**document, **said, "status": "active"}, "offer", "focal_point")

    def _own(self, record: str) -> Row | None:
        row = self._map.get(record)
        if row is not None and row.steward != self._agency:
            raise Conflict("Another agency keeps a record in this place.", todo="Ask a coordinator to merge them.")
        return row

    def _ended(self, provider: str, kept: set[str]) -> list[Draft]:
        """Return the services that were offered by this way before, and are no longer."""
        rows = self._map.many(self._map.services_of([provider])).values()
        mine = [row for row in rows if row.id not in kept and row.document["status"] == "active"]
        return [
            Draft(SERVICE, {**row.document, "status": "inactive"})
            for row in mine
            if row.id in {self._id(need, row.document["name"]) for need in row.document.get("needs", ())}
        ]

    def _draft(self, kind: str, document: Mapping[str, Any], *groups: str) -> Draft:
        verified = {**document.get("verified", {}), **dict.fromkeys(groups, self._checked)}
        return Draft(kind, {**document, "verified": verified}, steward=self._agency)

    def _id(self, need: str, name: str) -> str:
        return id_from(self._agency, f"{need} {name}")
