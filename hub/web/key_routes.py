"""Routes for key documents: agencies, members, epoch grants.

Whoever posts a document needs little permission: the agency's root has signed it and `hub.keys.service` judges it;
what is read comes with proofs, so that a client need not believe this hub.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask.views import MethodView
from flask_smorest import Blueprint

from hub.auth.permissions import caller, permission
from hub.context import Hub, current_hub
from hub.errors import NotFound
from hub.handofflog.guard import ForkGuard
from hub.keys.certificates import CASE_ROLES, EpochGrant
from hub.keys.service import Keyring, proven_documents, pulled_documents
from hub.keys.store import KeyStore
from hub.packets.encoding import canonical
from hub.web import key_schemas as schemas

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.keys.store import AgencyRow, MemberRow

blueprint = Blueprint("keys", __name__, url_prefix="/api/v1", description="Agencies, members and their keys")


@blueprint.route("/agencies")
class Agencies(MethodView):
    """The agencies that this hub knows."""

    @permission("member")
    @blueprint.response(200, schemas.Agency(many=True))
    def get(self) -> list[dict[str, Any]]:
        """List known agencies."""
        with current_hub().database.read() as connection:
            return [_agency(row) for row in KeyStore(connection).agencies()]

    @permission("invitation")
    @blueprint.arguments(schemas.Entry)
    @blueprint.response(201, schemas.Agency)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """Register the invited agency with its first key entry."""
        return _register(current_hub(), given, caller().agency)


@blueprint.route("/agencies/<string:agency>")
class OneAgency(MethodView):
    """One agency."""

    @permission("member", pending=True)
    @blueprint.response(200, schemas.Documents)
    def get(self, agency: str) -> dict[str, Any]:
        """Show an agency's key documents, each with the proof that it stands in its home hub's log."""
        hub = current_hub()
        note = ForkGuard(hub.database, hub.origin, hub.settings.data).last_note()
        with hub.database.read() as connection:
            row = KeyStore(connection).agency(agency)
            if not row.local:
                return pulled_documents(connection, row.host, agency)
            if note is None:
                raise NotFound("No checkpoint has been published yet.", todo="Ask again in a minute.")
            return proven_documents(connection, hub.origin, note, agency)


@blueprint.route("/agencies/<string:agency>/entries")
class Entries(MethodView):
    """An agency's key entries."""

    @permission("member", roles={"agency_admin"})
    @blueprint.arguments(schemas.Entry)
    @blueprint.response(201, schemas.Agency)
    def post(self, given: dict[str, Any], agency: str) -> dict[str, Any]:
        """Publish the next key entry of one's own agency: a new epoch, another deputy, another kind."""
        if agency != caller().agency:
            raise NotFound("This is not your agency.")
        return _register(current_hub(), given, agency)


@blueprint.route("/members")
class Members(MethodView):
    """The members of one's own agency."""

    @permission("member")
    @blueprint.response(200, schemas.Device(many=True))
    def get(self) -> list[dict[str, Any]]:
        """List device keys with roles and periods, the newest first."""
        with current_hub().database.read() as connection:
            return [_device(row) for row in KeyStore(connection).devices(caller().agency)]

    @permission("member", pending=True)
    @blueprint.arguments(schemas.Certificates)
    @blueprint.response(201, schemas.Device(many=True))
    def post(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        """Certify or revoke a member's key with a document that the agency's root signed."""
        hub, agency = current_hub(), caller().agency
        with hub.database.write() as connection:
            keyring, now = _keyring(hub, connection), hub.clock.now()
            if "revocation" in given:
                keyring.revoke_member(canonical(given["revocation"]), now=now, agency=agency)
            if "certificate" in given:
                keyring.certify_member(canonical(given["certificate"]), now=now, agency=agency)
            devices = [_device(row) for row in keyring.store.devices(agency)]
        _publish(hub)
        return devices


@blueprint.route("/grants")
class Grants(MethodView):
    """Epoch secrets, sealed to devices."""

    @permission("member")
    @blueprint.response(200, schemas.Grant(many=True))
    def get(self) -> list[dict[str, Any]]:
        """List what one's own devices were granted."""
        who = caller()
        with current_hub().database.read() as connection:
            return [grant.to_value() for grant in KeyStore(connection).grants_for(who.agency, who.member)]

    @permission("member", roles=CASE_ROLES)
    @blueprint.arguments(schemas.Grants)
    @blueprint.response(204)
    def put(self, given: dict[str, Any]) -> None:
        """Grant the agency's epoch to devices of colleagues who may open cases."""
        hub = current_hub()
        grants = [EpochGrant.from_value(row) for row in given["grants"]]
        with hub.database.write() as connection:
            for grant in grants:
                _keyring(hub, connection).grant(caller().agency, grant, now=hub.clock.now())


def _register(hub: Hub, given: dict[str, Any], agency: str) -> dict[str, Any]:
    with hub.database.write() as connection:
        keyring = _keyring(hub, connection)
        entry = keyring.register_agency(canonical(given["entry"]), now=hub.clock.now(), agency=agency)
        shown = _agency(keyring.store.agency(entry.agency))
    _publish(hub)
    return shown


def _publish(hub: Hub) -> None:
    """Publish the checkpoint at once: keys change rarely, and nobody can use one before it can be proven."""
    ForkGuard(hub.database, hub.origin, hub.settings.data).publish(hub.signer)


def _keyring(hub: Hub, connection: Connection) -> Keyring:
    return Keyring(connection, hub.origin, hub.certifiers)


def _agency(row: AgencyRow) -> dict[str, Any]:
    return {
        "agency": row.agency,
        "host": row.host,
        "kind": row.kind,
        "country": row.entry.country,
        "seq": row.entry.seq,
        "hash": row.entry.hash,
        "local": row.local,
    }


def _device(row: MemberRow) -> dict[str, Any]:
    return {
        "member": row.member,
        "keyid": row.keyid,
        "roles": sorted(row.roles),
        "recipient": row.recipient,
        "valid_from": row.valid_from,
        "valid_until": row.valid_until,
        "revoked_at": row.revoked_at,
    }
