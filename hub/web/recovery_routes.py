"""Routes of an agency's recovery: its key and what is sealed to it come in; a use is logged before anything goes out.

The hub keeps ciphertext and no share. Who comes with two shares has no account: the signature is what lets them in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask.views import MethodView
from flask_smorest import Blueprint

from hub.auth import accounts
from hub.auth.permissions import caller, permission
from hub.auth.store import AccountStore
from hub.context import Hub, current_hub
from hub.errors import Conflict, Expired, NotFound
from hub.handofflog.guard import ForkGuard
from hub.keys.certificates import CASE_ROLES, RecoveryKey, RecoveryUse, read_envelope
from hub.keys.keyring import Keyring
from hub.keys.store import KeyStore
from hub.notify.everybody import tell_all
from hub.packets.dsse import Envelope
from hub.packets.encoding import canonical
from hub.web import key_schemas as schemas

if TYPE_CHECKING:
    from sqlalchemy import Connection

blueprint = Blueprint("recovery", __name__, url_prefix="/api/v1", description="Recovery out of an agency's shares")
COMES_BACK_AS = frozenset({"agency_admin", "supervisor"})
_FRESH = 600


@blueprint.route("/agencies/<string:agency>/recovery")
class Recovery(MethodView):
    """What an agency keeps for the day on which all of its devices are lost."""

    @permission("member", roles={"agency_admin"})
    @blueprint.arguments(schemas.Recovery)
    @blueprint.response(204)
    def post(self, given: dict[str, Any], agency: str) -> None:
        """Publish a recovery key that the root signed, with root and epochs sealed to it; older shares end."""
        hub = _own(agency)
        with hub.database.write() as connection:
            key = canonical(given["key"])
            if KeyStore(connection).knows(read_envelope(key).hash):  # else an admin without the root could spoil them
                raise Conflict("These shares count already, or did.", todo="Make new ones.")
            Keyring(connection, hub.origin, hub.certifiers).publish(
                RecoveryKey, key, now=hub.clock.now(), agency=agency
            )
            KeyStore(connection).put_recovery(agency, root=given["root"], epochs=given["epochs"])
        _publish(hub)

    @permission("member", roles=CASE_ROLES)
    @blueprint.arguments(schemas.RecoveryEpochs)
    @blueprint.response(204)
    def put(self, given: dict[str, Any], agency: str) -> None:
        """Keep the newest epochs, sealed to the recovery key that counts."""
        hub = _own(agency)
        with hub.database.write() as connection:
            known = KeyStore(connection).recovery_key(agency)
            if known is None or known.sign != given["sign"]:
                raise Conflict("These epochs are sealed to shares that no longer count.", todo="Seal them again.")
            KeyStore(connection).put_recovery(agency, epochs=given["epochs"])


@blueprint.route("/agencies/<string:agency>/recoveries", methods=["POST"])
@blueprint.arguments(schemas.RecoveryUse)
@blueprint.response(201, schemas.Recovered)
@permission("public")
def post_recovery(given: dict[str, Any], agency: str) -> dict[str, Any]:
    """Give out what two shares open, once their use is logged and every member is told."""
    hub, document = current_hub(), canonical(given["use"])
    with hub.database.read() as connection:  # a stranger without shares is turned away before any lock is taken
        envelope = Envelope.from_bytes(document, RecoveryUse.TYPE)
        keyring = Keyring(connection, hub.origin, hub.certifiers)
        keyring.check_recovery_use(RecoveryUse.from_envelope(envelope), envelope)
    with hub.database.write() as connection:
        answer = _use(hub, connection, agency, document)
    _publish(hub)
    return answer


def _use(hub: Hub, connection: Connection, agency: str, document: bytes) -> dict[str, Any]:
    store, now = KeyStore(connection), hub.clock.now()
    name = read_envelope(document).hash
    if store.knows(name):
        raise Conflict("This use of the shares was answered already.", todo="Put the shares together again.")
    use = Keyring(connection, hub.origin, hub.certifiers).publish(RecoveryUse, document, now=now, agency=agency)
    if abs(use.at - now) > _FRESH:
        raise Expired("This use of the shares was not signed just now.", todo="Set the clock and try again.")
    tell_all(connection, agency, f"recovered:{name}", now)
    code = accounts.invite(AccountStore(connection), agency, COMES_BACK_AS, None, hub.wire.now())
    return {**store.recovery(agency), "code": code}


def _own(agency: str) -> Hub:
    if agency != caller().agency:
        raise NotFound("This is not your agency.")
    return current_hub()


def _publish(hub: Hub) -> None:
    ForkGuard(hub.database, hub.origin, hub.settings.data).publish(hub.signer)
