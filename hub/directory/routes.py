"""Routes of agencies' public facts: how they are called, when they work, what they declare and offer."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from hub.auth.permissions import caller, permission
from hub.context import current_hub
from hub.directory import schemas
from hub.directory.attestation import ATTESTERS, read_attestation
from hub.directory.offers import Offering
from hub.directory.records.freshness import day_of
from hub.directory.records.record import SERVICE
from hub.directory.servicemap.rights import EDITORS
from hub.directory.servicemap.routes import told
from hub.directory.servicemap.write import Actor, apply
from hub.directory.store import Directory, attester_keys, profile_of
from hub.errors import InvalidRequest
from hub.keys.certificates import CASE_ROLES
from hub.keys.store import KeyStore
from hub.notify.rota import Duty, Rota
from hub.packets.encoding import canonical, parse_json

ROTA_KEEPERS = frozenset({"agency_admin", "supervisor"})
blueprint = Blueprint("directory", __name__, url_prefix="/api/v1/directory", description="Agencies")


@blueprint.route("")
@blueprint.response(200, schemas.Directory)
@permission("member")
def get_directory() -> dict[str, Any]:
    """All agencies of this hub and its peers, and what they offer. Keys are verified by /api/v1/agencies."""
    hub = current_hub()
    with hub.database.read() as connection:
        store = Directory(connection)
        return {"agencies": store.agencies(), "offers": store.offers(day_of(hub.clock.now()))}


@blueprint.route("/profile", methods=["PUT"])
@blueprint.arguments(schemas.Profile)
@blueprint.response(200, schemas.AgencyProfile)
@permission("member", roles=EDITORS)
def put_profile(given: dict[str, Any]) -> dict[str, Any]:
    """Say how the own agency is called and when it works."""
    with current_hub().database.write() as connection:
        Directory(connection).put_profile(caller().agency, profile_of(given))
    return {**given, "agency": caller().agency}


@blueprint.route("/duty")
class DutyRota(MethodView):
    """Who of the own agency is on duty."""

    @permission("member")
    @blueprint.response(200, schemas.DutyRota)
    def get(self) -> dict[str, Any]:
        """The turns that are not over."""
        with current_hub().database.read() as connection:
            return {"turns": Rota(connection).turns(caller().agency, current_hub().clock.now())}

    @permission("member", roles=ROTA_KEEPERS)
    @blueprint.arguments(schemas.DutyRota)
    @blueprint.response(200, schemas.DutyRota)
    def put(self, given: dict[str, Any]) -> dict[str, Any]:
        """Put the whole rota; each turn is a member's of the own agency who may open its packets."""
        agency, now = caller().agency, current_hub().clock.now()
        turns = [Duty(**turn) for turn in given["turns"]]
        with current_hub().database.write() as connection:
            known = {row.member for row in KeyStore(connection).members_with_roles(agency, CASE_ROLES, now)}
            if not known >= {turn.member for turn in turns}:
                raise InvalidRequest("Somebody in the rota is no member who opens packets here.")
            Rota(connection).replace(agency, turns)
        return {"turns": turns}


@blueprint.route("/attestations/<path:agency>")
@blueprint.response(200, schemas.Attestation)
@permission("member")
def get_attestation(agency: str) -> dict[str, Any]:
    """What an agency declares about its firewall and its safeguarding, as it signed it; the client verifies it."""
    with current_hub().database.read() as connection:
        found = Directory(connection).attestation(agency)
    return {"attestation": None if found is None else parse_json(found)}


@blueprint.route("/attestation", methods=["PUT"])
@blueprint.arguments(schemas.Attestation)
@blueprint.response(200, schemas.Attestation)
@permission("member", roles=ATTESTERS)
def put_attestation(given: dict[str, Any]) -> dict[str, Any]:
    """Declare that nothing goes on to enforcement and that safeguarding is in force (R09)."""
    agency, now, data = caller().agency, current_hub().clock.now(), canonical(given["attestation"])
    with current_hub().database.write() as connection:
        read_attestation(data, agency, attester_keys(KeyStore(connection), agency, now), now=now)
        Directory(connection).put_attestation(agency, data)
    return given


@blueprint.route("/offers", methods=["PUT"])
@blueprint.arguments(schemas.Offers)
@blueprint.response(200, schemas.Offered)
@permission("member", roles=EDITORS)
def put_offers(given: dict[str, Any]) -> dict[str, Any]:
    """Say in short all that the own agency offers: makes or renews its provider and a service for each offer."""
    hub, who = current_hub(), caller()
    with hub.database.write() as connection:
        drafts = Offering(connection, who.agency, hub.clock.now()).drafts(**given)
        by = Actor(who.agency, who.member, "provider")
        done = apply(connection, drafts, by, host=hub.origin, now=hub.clock.now())
    return {"services": [told(outcome) for outcome in done if outcome.kind == SERVICE]}
