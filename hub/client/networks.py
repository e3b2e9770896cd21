"""Networks of focal points, from a desk: who is the entry point of a country, and does it say so itself.

The hub hands out what secretariats and agencies signed; each is verified here with the agency's certificates, and what
is not proven is left out. A proposal is no permission: whether anything may be sent there is for the basis and its
rules, and a focal point passes on only to whom the consent names (R15).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from hub.client.transport import well_formed
from hub.directory.networks.document import (
    SIGNERS,
    Confirmation,
    Document,
    Entry,
    Network,
    read_document,
    read_unverified,
    sign_document,
)
from hub.directory.records.freshness import day_of
from hub.errors import HubError, InvalidRequest, NotFound
from hub.keys.certificates import CASE_ROLES, NEVER_RECEIVE, PERSON_ONLY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hub.client.member import Member
    from hub.keys.pins import TrustedAgency

_PATH: Final = "/api/v1/directory/networks"


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """The entry point of a country in a network. `confirmed`: what the agency itself says, None if nothing.

    `to` is who is to be sent to: the agency; its deputy where nobody there can open a packet now, or it says that it is
    none; or None.
    """

    country: str
    network: Network
    agency: str
    deputy: str | None
    confirmed: bool | None
    deputy_confirmed: bool | None
    to: str | None


class Known:
    """What networks signed that holds today, verified, and of the agencies' own words those that are asked for."""

    def __init__(self, member: Member) -> None:
        self._member, self._now = member, member.clock.now()
        self._agencies: dict[str, TrustedAgency | None] = {}
        self._claims: dict[tuple[str, str, str, str], Mapping[str, Any]] = {}
        self.unproven = 0
        found: list[Network] = []
        with well_formed():
            documents = list(member.hub.get(_PATH)["documents"])
        for document, said in self._holding(documents):
            if isinstance(said, Confirmation):
                self._claims[said.secretariat, said.network, said.country, said.agency] = document
            elif self._proven(document, said.by):
                found.append(said)
        self.networks = sorted(found, key=lambda row: (row.network, row.secretariat))

    def entry_points(self, country: str | None = None) -> list[EntryPoint]:
        """Return the entry points of a country, or of all: those that can be sent to and confirmed it first."""
        rows = [
            self._point(network, entry)
            for network in self.networks
            for entry in network.entries
            if country in {None, entry.country}
        ]
        return sorted(rows, key=lambda row: (row.country, row.to is None, not row.confirmed, row.network.network))

    def network(self, name: str, secretariat: str | None = None) -> Network:
        """Return a network by name, and by its secretariat where several have networks of that name.

        Raises:
            NotFound: there is none, or more than one.
        """
        found = [row for row in self.networks if row.network == name and secretariat in {None, row.secretariat}]
        if len(found) != 1:
            raise NotFound(
                "There is no such network, or more than one.", todo="See `hub network list`; name its --secretariat."
            )
        return found[0]

    def _point(self, network: Network, entry: Entry) -> EntryPoint:
        said = {agency: self._says(network, entry.country, agency) for agency in (entry.agency, entry.deputy)}
        to = next((one for one, word in said.items() if word is not False and self._receives(one)), None)
        confirmed, deputy = said[entry.agency], said[entry.deputy]
        return EntryPoint(entry.country, network, entry.agency, entry.deputy, confirmed, deputy, to)

    def _says(self, network: Network, country: str, agency: str | None) -> bool | None:
        """Return what an agency itself says of being an entry point; None if nothing that is proven."""
        document = self._claims.get((network.secretariat, network.network, country, agency or ""))
        found = self._proven(document, str(agency)) if document is not None else None
        return found.confirmed if isinstance(found, Confirmation) else None

    def _receives(self, agency: str | None) -> bool:
        """Whether an agency is believed, may be sent to at all, and has somebody who can open a packet."""
        found = self._agency(agency) if agency is not None else None
        if found is None or found.entry.kind in NEVER_RECEIVE:
            return False
        sealed = found.entry.kind == PERSON_ONLY or bool(found.entry.enc)
        return sealed and any(cert.roles & CASE_ROLES for cert in found.members(self._now))

    def _holding(self, documents: Iterable[Any]) -> Iterator[tuple[Mapping[str, Any], Document]]:
        today = day_of(self._now)
        for document in documents:
            try:
                said = read_unverified(document)
            except (HubError, AttributeError):
                self.unproven += 1
                continue
            if said.until >= today:
                yield document, said

    def _proven(self, document: Mapping[str, Any], by: str) -> Document | None:
        agency = self._agency(by)
        certs = agency.members(self._now) if agency is not None else ()
        try:
            return read_document(document, [cert.sign for cert in certs if cert.roles & SIGNERS], now=self._now)
        except HubError:
            self.unproven += 1
            return None

    def _agency(self, name: str) -> TrustedAgency | None:
        if name not in self._agencies:
            try:
                self._agencies[name] = self._member.trust.agency(name, fresh=False)
            except HubError:
                self._agencies[name] = None
        return self._agencies[name]


def publish(member: Member, name: str, title: str, entries: Sequence[Mapping[str, Any]], until: str) -> Network:
    """Sign and publish a network as its secretariat; `entries` are {country, agency, deputy}.

    Raises:
        Forbidden: the member is neither coordinator nor admin.
        InvalidRequest: a country stands twice, or it would hold longer than two years.
    """
    member.role(SIGNERS)
    rows = tuple(Entry(str(row["country"]), str(row["agency"]), row.get("deputy")) for row in entries)
    said = Network(name, member.agency, title, rows, until, member.clock.now())
    _put(member, said)
    return said


def confirm(
    member: Member, network: Network, until: str | None = None, *, confirmed: bool = True
) -> list[Confirmation]:
    """Say for each country for which a network names the own agency, as entry point or deputy, that it is, or is not.

    Raises:
        Forbidden: the member is neither coordinator nor admin.
        InvalidRequest: the network does not name the own agency, or it would hold longer than two years.
    """
    member.role(SIGNERS)
    named = [row.country for row in network.entries if member.agency in {row.agency, row.deputy}]
    if not named:
        raise InvalidRequest("This network does not name your agency.", todo="See `hub network show`.")
    head = Confirmation(network.network, network.secretariat, "", member.agency, confirmed, "", member.clock.now())
    said = [replace(head, country=country, until=until or network.until) for country in named]
    for row in said:
        _put(member, row)
    return said


def _put(member: Member, said: Document) -> None:
    member.hub.put(_PATH, {"document": sign_document(said, member.signer)})
