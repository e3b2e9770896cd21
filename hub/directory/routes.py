"""Routes of the public map: read all of it, say what the own agency offers."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from hub.auth.permissions import caller, permission
from hub.context import current_hub
from hub.directory import schemas
from hub.directory.attestation import ATTESTERS, read_attestation
from hub.directory.store import Directory, attester_keys
from hub.errors import InvalidRequest
from hub.keys.store import KeyStore
from hub.packets.encoding import canonical, parse_json

blueprint = Blueprint("directory", __name__, url_prefix="/api/v1/directory", description="Agencies and services")
EDITORS = frozenset({"coordinator", "agency_admin"})


@blueprint.route("")
@blueprint.response(200, schemas.Directory)
@permission("member")
def get_directory() -> dict[str, Any]:
    """All agencies and services that this hub and its peers publish. Keys are verified by /api/v1/agencies."""
    with current_hub().database.read() as connection:
        store = Directory(connection)
        return {"agencies": store.agencies(), "services": store.services()}


@blueprint.route("/profile", methods=["PUT"])
@blueprint.arguments(schemas.Profile)
@blueprint.response(200, schemas.AgencyProfile)
@permission("member", roles=EDITORS)
def put_profile(given: dict[str, Any]) -> dict[str, Any]:
    """Say how the own agency is called and when it works."""
    with current_hub().database.write() as connection:
        Directory(connection).put_profile(caller().agency, **given)
    return {**given, "agency": caller().agency}


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


@blueprint.route("/services", methods=["PUT"])
@blueprint.arguments(schemas.Services)
@blueprint.response(200, schemas.Services)
@permission("member", roles=EDITORS)
def put_services(given: dict[str, Any]) -> dict[str, Any]:
    """Say all that the own agency offers, in place of what it said before."""
    with current_hub().database.write() as connection:
        inboxes = KeyStore(connection).agency(caller().agency).inboxes
        named = [row["id"] for row in given["services"] if "id" in row]
        if len(set(named)) != len(named) or not {row["inbox"] for row in given["services"]} <= set(inboxes):
            raise InvalidRequest("A service has an id of its own and one of the inboxes that the agency published.")
        return {"services": Directory(connection).put_services(caller().agency, given["services"])}
