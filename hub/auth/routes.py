"""Routes of accounts: sign in and out, vault, invitations, enrolments.

Bodies are a few lines: identity from the hook, arguments from a schema, one use case in one transaction.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import g
from flask_smorest import Blueprint

from hub.auth import accounts, schemas
from hub.auth.access import network_address, waits
from hub.auth.permissions import caller, permission
from hub.auth.store import Account, AccountStore
from hub.context import current_hub
from hub.errors import HubError, NotFound
from hub.keys.store import KeyStore
from hub.packets.encoding import parse_json

blueprint = Blueprint("accounts", __name__, url_prefix="/api/v1", description="Members, sessions and vaults")


@blueprint.route("/sessions", methods=["POST"])
@blueprint.arguments(schemas.SignIn)
@blueprint.response(201, schemas.Token)
@permission("public")
def post_session(given: dict[str, Any]) -> dict[str, Any]:
    """Sign in."""
    hub = current_hub()
    attempt = accounts.Attempt(given["login"], given["auth"], given.get("code"), network_address(), given.get("known"))
    with hub.database.write() as connection:
        opened = accounts.sign_in(connection, attempt, hub.signer, hub.wire.now())
    if isinstance(opened, HubError):
        raise opened
    return {"token": opened.token, "known": opened.known, "expires": opened.session.expires}


@blueprint.route("/sessions/current", methods=["DELETE"])
@blueprint.response(204)
@permission("member", pending=True, codeless=True)
def delete_session() -> None:
    """Sign out."""
    with current_hub().database.write() as connection:
        AccountStore(connection).close_session(caller().credential)


@blueprint.route("/sessions")
@blueprint.response(200, schemas.OwnSession(many=True))
@permission("member", pending=True)
def get_sessions() -> list[dict[str, Any]]:
    """One's own sessions, the newest first."""
    hub, mine = current_hub(), g.session.id
    with hub.database.read() as connection:
        rows = AccountStore(connection).sessions_of(g.account.login, hub.wire.now())
    return [{**asdict(row), "current": row.id == mine} for row in rows]


@blueprint.route("/sessions", methods=["DELETE"])
@blueprint.response(204)
@permission("member", pending=True)
def delete_sessions() -> None:
    """Sign out everywhere, here too."""
    hub = current_hub()
    with hub.database.write() as connection:
        accounts.end_everywhere(connection, g.account, hub.wire.now())


@blueprint.route("/sessions/<string:named>", methods=["DELETE"])
@blueprint.response(204)
@permission("member", pending=True)
def delete_other_session(named: str) -> None:
    """End one of one's own sessions."""
    with current_hub().database.write() as connection:
        if not AccountStore(connection).end_session(g.account.login, named):
            raise NotFound("You have no such session.")


@blueprint.route("/me")
@blueprint.response(200, schemas.Me)
@permission("member", pending=True, codeless=True)
def get_me() -> dict[str, Any]:
    """Who is signed in."""
    who = caller()
    return {
        "agency": who.agency,
        "member": who.member,
        "login": g.account.login,
        "roles": sorted(who.roles),
        "pending": who.pending,
        "expires": g.session.expires,
    }


@blueprint.route("/vault")
@blueprint.response(200, schemas.StoredVault)
@permission("member", pending=True, codeless=True)
def get_vault() -> dict[str, Any]:
    """The member's own sealed vault."""
    return _vault(g.account)


@blueprint.route("/vault", methods=["PUT"])
@blueprint.arguments(schemas.VaultChange)
@blueprint.response(204)
@permission("member", pending=True)
def put_vault(given: dict[str, Any]) -> None:
    """Replace the vault; its version must be one above the one that is kept."""
    hub, who = current_hub(), (g.account, g.session)
    with hub.database.write() as connection:
        accounts.replace_vault(connection, who, given.pop("version"), given, hub.wire.now())


@blueprint.route("/invitations", methods=["POST"])
@blueprint.arguments(schemas.Invite)
@blueprint.response(201, schemas.Invited)
@permission("member", roles={"agency_admin"})
def post_invitation(given: dict[str, Any]) -> dict[str, str]:
    """Invite somebody into one's own agency, or a member of it who has lost their device."""
    hub, roles, agency, member = current_hub(), frozenset(given["roles"]), caller().agency, given.get("member")
    with hub.database.write() as connection:
        if member is not None:
            accounts.check_gone(KeyStore(connection), agency, member, hub.clock.now())
        store = AccountStore(connection)
        return {"code": accounts.invite(store, agency, roles, given.get("mail"), hub.wire.now(), member)}


@blueprint.route("/enrolments", methods=["POST"])
@blueprint.arguments(schemas.Enrol)
@blueprint.response(201, schemas.Member)
@permission("invitation")
def post_enrolment(given: dict[str, Any]) -> Account:
    """Enrol with an invitation; the agency certifies the member's keys afterwards."""
    hub = current_hub()
    with hub.database.write() as connection:
        if g.invitation.member is not None:
            accounts.check_gone(KeyStore(connection), caller().agency, g.invitation.member, hub.clock.now())
        enrolled = accounts.enrol(connection, g.invitation, given, hub.signer, hub.wire.now())
    if isinstance(enrolled, HubError):
        raise enrolled
    return enrolled


@blueprint.route("/enrolments")
@blueprint.response(200, schemas.Member(many=True))
@permission("member", roles={"agency_admin"})
def get_enrolments() -> list[Account]:
    """Members of one's own agency who wait for a certificate."""
    with current_hub().database.read() as connection:
        keys, agency = KeyStore(connection), caller().agency
        return [a for a in AccountStore(connection).of_agency(agency) if waits(keys, a)]


def _vault(account: Account) -> dict[str, Any]:
    return {
        "version": account.vault_version,
        "vault": account.vault,
        "recovery": account.recovery,
        "kdf": parse_json(account.kdf.encode()),
    }
