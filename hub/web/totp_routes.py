"""Routes of codes of an authenticator app, and of what happened to accounts."""

from __future__ import annotations

from typing import Any

from flask import g
from flask.views import MethodView
from flask_smorest import Blueprint

from hub.auth import schemas, totp
from hub.auth.events import AccountEvents
from hub.auth.permissions import caller, permission
from hub.auth.store import AccountStore
from hub.auth.totp_store import TotpSecrets
from hub.context import current_hub
from hub.errors import Forbidden, NotFound
from hub.notify.account import tell_codes_off

blueprint = Blueprint("second steps", __name__, url_prefix="/api/v1", description="Codes of authenticator apps")


@blueprint.route("/totp")
class Totp(MethodView):
    """The codes of one's own login."""

    @permission("member", pending=True, codeless=True)
    @blueprint.response(200, schemas.Totp)
    def get(self) -> dict[str, bool]:
        """Whether signing in takes a code."""
        hub = current_hub()
        with hub.database.read() as connection:
            return {"active": TotpSecrets(connection).active(g.account.login), "required": hub.settings.totp}

    @permission("member", pending=True, codeless=True)
    @blueprint.response(201, schemas.TotpSecret)
    def post(self) -> dict[str, str]:
        """Make a new secret; it counts once a code of it was shown."""
        hub = current_hub()
        with hub.database.write() as connection:
            return totp.begin(connection, g.account, hub.signer, hub.origin, hub.wire.now())

    @permission("member", pending=True, codeless=True)
    @blueprint.arguments(schemas.TotpSwitch)
    @blueprint.response(204)
    def put(self, given: dict[str, Any]) -> None:
        """Turn codes on or off with one that fits."""
        hub = current_hub()
        now = hub.wire.now()
        with hub.database.write() as connection:
            done = totp.switch(connection, (g.account, g.session), hub.signer, given, now)
            if done and not given["active"]:
                tell_codes_off(connection, g.account, now)
        if not done:
            raise totp.wrong()


@blueprint.route("/accounts/<string:member>/totp", methods=["DELETE"])
@blueprint.response(204)
@permission("member", roles={"agency_admin"})
def delete_totp(member: str) -> None:
    """Let a colleague who lost the phone sign in without a code, until they set up another."""
    hub, who = current_hub(), caller()
    now = hub.wire.now()
    if member == who.member:
        raise Forbidden("Nobody resets their own codes.", todo="Turn them off with a code, or ask another admin.")
    with hub.database.write() as connection:
        account = AccountStore(connection).of_member(who.agency, member)
        if account is None:
            raise NotFound("Your agency has no such member here.")
        totp.reset(connection, account, who.member, now)
        tell_codes_off(connection, account, now)


@blueprint.route("/me/events")
@blueprint.response(200, schemas.AccountEvent(many=True))
@permission("member", pending=True)
def get_own_events() -> list[dict[str, Any]]:
    """What happened to one's own account, the newest first."""
    with current_hub().database.read() as connection:
        return AccountEvents(connection).listing(caller().agency, caller().member)


@blueprint.route("/accounts/events")
@blueprint.response(200, schemas.AccountEvent(many=True))
@permission("member", roles={"agency_admin"})
def get_events() -> list[dict[str, Any]]:
    """What happened to the accounts of one's own agency, the newest first."""
    with current_hub().database.read() as connection:
        return AccountEvents(connection).listing(caller().agency)
