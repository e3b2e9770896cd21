"""Writes records as HSDS 3.1 objects: in full, as items of a list, alone. Pure.

Is given documents as the reader of the file may see them and hides nothing itself. A key that only repeats what the
nesting says is not written. A record that names one that is not there keeps the name alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hub.directory.formats.hsds_derive import with_derived
from hub.directory.formats.hsds_objects import objects
from hub.directory.records.record import PROVIDER, SERVICE, SITE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hub.directory.formats.items import Records

Document = dict[str, Any]
_ADDRESS: Final = ("address_1", "city", "state_province", "postal_code", "country")


@dataclass(slots=True)
class HsdsWriter:
    """Writes the records of `records`."""

    records: Records
    _held: dict[str, list[str]] = field(default_factory=dict)
    _given: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for made, site in self.records.sites.items():
            self._held.setdefault(str(site.get("organization_id")), []).append(made)
        for made, service in self.records.services.items():
            self._given.setdefault(str(service.get("organization_id")), []).append(made)

    def service(self, key: str) -> Document:
        """Return a service with all that belongs to it."""
        made = self._offer(key)
        owner = str(made.get("organization_id"))
        if owner in self.records.providers:
            made["organization"] = self._body(owner)
            del made["organization_id"]
        return made

    def organization(self, key: str, *, services: bool = True) -> Document:
        """Return an organization with all that belongs to it; without `services`, what it offers is left out."""
        made = self._body(key)
        offers = [self._offer(one) for one in self._given.get(key, ())] if services else []
        for offer in offers:
            del offer["organization_id"]
        return made | ({"services": offers} if offers else {})

    def location(self, key: str, owner: str = "") -> Document:
        """Return a location; `owner` is the organization whose it is known to be where it stands."""
        made = with_derived(SITE, self.records.sites[key])
        if owner and made.get("organization_id") == owner:
            del made["organization_id"]
        if isinstance(made.get("addresses"), list):
            made["addresses"] = [_filled(row) for row in made["addresses"]]
        return made

    def service_at_locations(self, key: str, *, full: bool) -> Iterator[Document]:
        """Yield a service at each of its locations, with both."""
        for at in self.records.services[key].get("service_at_locations") or ():
            service = self.service(key) if full else self.listed_service(key)
            service.pop("service_at_locations", None)
            owner = str(self.records.services[key].get("organization_id"))
            made = self._at(at, owner) | {"service": service}
            if not full:
                made = _flat("service_at_location", made)
                made |= {"location": _flat("location", made["location"])} if "location" in made else {}
            yield made

    def listed_service(self, key: str) -> Document:
        """Return a service as an item of a list: only what there is one of."""
        made = _flat("service", self._offer(key))
        owner = str(made.get("organization_id"))
        if owner in self.records.providers:
            made["organization"] = self.listed_organization(owner)
            del made["organization_id"]
        return made

    def listed_organization(self, key: str) -> Document:
        """Return an organization as an item of a list."""
        return _flat("organization", _described(with_derived(PROVIDER, self.records.providers[key])))

    def everything(self) -> Iterator[Document]:
        """Yield all services in full, then the organizations and the locations that no service has shown."""
        shown_providers, shown_sites = set(), set()
        for key, service in self.records.services.items():
            shown_providers.add(service.get("organization_id"))
            shown_sites |= {at.get("location_id") for at in service.get("service_at_locations") or ()}
            yield self.service(key)
        for key in self.records.providers:
            if key not in shown_providers:
                yield self.organization(key)
        for key, site in self.records.sites.items():
            if key not in shown_sites and site.get("organization_id") not in self.records.providers:
                yield self.location(key)

    def _body(self, key: str) -> Document:
        made = _described(with_derived(PROVIDER, self.records.providers[key]))
        places = [self.location(site, key) for site in self._held.get(key, ())]
        return made | ({"locations": places} if places else {})

    def _offer(self, key: str) -> Document:
        """Return a service without its organization."""
        service = self.records.services[key]
        made = with_derived(SERVICE, service, self._areas(service))
        owner = str(made.get("organization_id"))
        provider = self.records.providers.get(owner, {})
        program = next((row for row in provider.get("programs") or () if row.get("id") == made.get("program_id")), None)
        if program is not None:
            made.setdefault("program", program)
        if (made.get("program") or {}).get("id") == made.get("program_id"):
            made.pop("program_id", None)
        if isinstance(made.get("service_at_locations"), list):
            made["service_at_locations"] = [self._at(at, owner) for at in made["service_at_locations"]]
        return made

    def _areas(self, service: Mapping[str, Any]) -> dict[str, str]:
        """Return the names of the areas that a service covers, by code, where they are known."""
        path = self.records.path
        codes = (service.get("coverage") or {}).get("areas", ())
        paths = {code: path(code) for code in codes} if path is not None else {}
        return {code: found[-1][1] for code, found in paths.items() if found}

    def _at(self, at: Mapping[str, Any], owner: str) -> Document:
        key = str(at.get("location_id"))
        if key not in self.records.sites:
            return dict(at)
        rest = {name: value for name, value in at.items() if name != "location_id"}
        return rest | {"location": self.location(key, owner)}


def _flat(name: str, made: Document) -> Document:
    """Return an object without the lists that HSDS gives it."""
    lists = {field for field, said in objects()[name]["fields"].items() if said.startswith("[")}
    return {member: value for member, value in made.items() if member not in lists}


def _described(provider: Document) -> Document:
    """Return an organization with the description that HSDS asks for: its name, where nobody wrote one."""
    if provider.get("description") is not None:
        return provider
    return provider | {"description": provider.get("name", "")}


def _filled(address: Any) -> Any:
    if not isinstance(address, dict):
        return address
    return {**dict.fromkeys((name for name in _ADDRESS if name not in address), ""), **address} | {
        "address_type": address.get("address_type", "physical")
    }
