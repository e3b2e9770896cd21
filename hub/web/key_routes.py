"""Routes for key documents: agencies, members, epoch grants.

Whoever posts a document needs little permission: the agency's root has signed it and `hub.keys.keyring` judges it;
what is read comes with proofs, so that a client need not believe this hub.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import g
from flask.views import MethodView
from flask_smorest import Blueprint

from hub.auth.owner import check_owner
from hub.auth.permissions import caller, permission
from hub.auth.store import AccountStore
from hub.context import Hub, current_hub
from hub.errors import Forbidden, NotFound
from hub.handofflog.guard import ForkGuard
from hub.keys.certificates import CASE_ROLES, EpochGrant, KeyEntry, MemberCert, Revocation
from hub.keys.keyring import Keyring, documents_of
from hub.keys.store import KeyStore
from hub.notify.everybody import tell_all
from hub.packets.encoding import canonical
from hub.referrals.succession import succeed
from hub.web import key_schemas as schemas

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.keys.certificates import Device

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
            return documents_of(connection, hub.origin, note, agency)


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
        """List device keys with logins, roles and periods, the newest first."""
        agency = caller().agency
        with current_hub().database.read() as connection:
            logins = {account.member: account.login for account in AccountStore(connection).of_agency(agency)}
            devices = KeyStore(connection).devices(agency)
            return [_device(row) | {"login": logins.get(row.cert.member)} for row in devices]

    @permission("member", pending=True)
    @blueprint.arguments(schemas.Certificates)
    @blueprint.response(201, schemas.Device(many=True))
    def post(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        """Certify or revoke a member's key with a document that the agency's root signed.

        `leaves` gives what a member held, of whom no key is good any more, to the deputy of the key entry.
        """
        hub, agency = current_hub(), caller().agency
        if "leaves" in given and caller().pending:
            raise Forbidden("Only a certified member gives away what somebody held.")
        with hub.database.write() as connection:
            keyring, now = _keyring(hub, connection), hub.clock.now()
            if "revocation" in given:
                gone = keyring.publish(Revocation, canonical(given["revocation"]), now=now, agency=agency)
                tell_all(connection, agency, f"revoked:{gone.keyid}", now)
            if "certificate" in given:
                keyring.publish(MemberCert, canonical(given["certificate"]), now=now, agency=agency)
            if "leaves" in given:
                succeed(connection, hub.origin, agency, given["leaves"], now)
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
        """Grant the agency's epoch to devices of colleagues who may open cases; a stolen session spoils no grant."""
        hub = current_hub()
        check_owner(g.account, given["current"])
        grants = [EpochGrant.from_value(row) for row in given["grants"]]
        with hub.database.write() as connection:
            for grant in grants:
                _keyring(hub, connection).grant(caller().agency, grant, now=hub.clock.now())


def _register(hub: Hub, given: dict[str, Any], agency: str) -> dict[str, Any]:
    with hub.database.write() as connection:
        keyring = _keyring(hub, connection)
        entry = keyring.publish(KeyEntry, canonical(given["entry"]), now=hub.clock.now(), agency=agency)
    _publish(hub)
    return _agency(entry)


def _publish(hub: Hub) -> None:
    """Publish the checkpoint at once: keys change rarely, and nobody can use one before it can be proven."""
    ForkGuard(hub.database, hub.origin, hub.settings.data).publish(hub.signer)


def _keyring(hub: Hub, connection: Connection) -> Keyring:
    return Keyring(connection, hub.origin, hub.certifiers)


def _agency(entry: KeyEntry) -> dict[str, Any]:
    return {
        "agency": entry.agency,
        "host": entry.hub,
        "kind": entry.kind,
        "country": entry.country,
        "seq": entry.seq,
        "hash": entry.hash,
        "local": entry.hub == current_hub().origin,
    }


def _device(device: Device) -> dict[str, Any]:
    cert = device.cert
    return {
        "member": cert.member,
        "login": None,
        "keyid": cert.keyid,
        "roles": sorted(cert.roles),
        "recipient": cert.recipient,
        "valid_from": cert.valid_from,
        "valid_until": cert.until,
        "revoked_at": device.revoked_at,
    }
