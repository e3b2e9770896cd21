"""`hub account`: one's own sessions, passphrase and authenticator app; and, for whoever may, a colleague's lost one."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

import click
import segno
from rich.markup import escape

from hub.cli import words
from hub.cli.channels import account
from hub.cli.common import Session, command, data
from hub.client import access_codes, recovery
from hub.errors import NotFound

if TYPE_CHECKING:
    from pathlib import Path

_code = click.option("--code", help="The six digits that the app shows now; asked for where they are not named.")
_SESSIONS = {"id": "Session", "created": "Since", "seen": "Last used", "expires": "Ends"}
_EVENTS = {"at": "When", "what": "What", "by": "By"}
_WHAT = {
    "passphrase": "the passphrase was changed",
    "signed_out": "signed out everywhere",
    "totp_on": "the authenticator app was turned on",
    "totp_off": "the authenticator app was turned off",
    "totp_reset": "the authenticator app was reset",
}


@command(account, _code)
def sign_in(session: Session, code: str | None) -> None:
    """Sign in with a code of your authenticator app; the session is kept, sealed, for the commands after this one."""
    member = session.member()
    if code:
        member.ask_code = lambda: code
    member.sign_in()
    session.tell({"login": member.account.login}, "Signed in: for twelve hours at most, two without use.")


@command(account, click.option("--end", "named", help="End this one."), click.option("--everywhere", is_flag=True))
def sessions(session: Session, named: str | None, everywhere: bool) -> None:  # noqa: FBT001 - click's own form
    """List where you are signed in, end one session, or sign out everywhere."""
    member = session.member()
    if everywhere:
        access_codes.end_all(member)
        session.tell({"ended": "all"}, "Signed out everywhere. Was a device stolen? Then change your passphrase, too.")
        return
    if named:
        access_codes.end_session(member, named)
    cells = {name: (lambda row, name=name: words.when(row[name])) for name in ("created", "seen", "expires")}
    session.table(access_codes.sessions(member), _SESSIONS, **cells)


@command(account)
def history(session: Session) -> None:
    """Say what happened to your account, and who did it."""
    member = session.member()
    mine = {member.id: "you", "operator": "the hub's operator"}
    session.table(
        access_codes.history(member),
        _EVENTS,
        at=lambda row: words.when(row["at"]),
        what=lambda row: _WHAT.get(row["what"], row["what"]),
        by=lambda row: mine.get(row["by"], "an agency admin"),
    )


@command(account)
def passphrase(session: Session) -> None:
    """Change your passphrase: every other session ends, and your recovery sheet is a new one."""
    member = session.member()
    sheet = recovery.change_passphrase(member, session.new_passphrase())
    session.tell(
        {"login": member.account.login, "recovery": sheet.recovery, "device": sheet.device},
        "Your passphrase is changed. Your new recovery sheet; the one before opens nothing any more:",
        f"  Recovery code  {sheet.recovery}",
        f"  Device secret  {sheet.device}",
        "Type it back with `hub recovery test`.",
    )


@account.group()
def totp() -> None:
    """Codes of an authenticator app, which signing in then takes as well."""


@command(totp, _code)
def on(session: Session, code: str | None) -> None:
    """Set up an authenticator app: reads the square or the secret, then shows a code."""
    member = session.member()
    if code is None:
        made = access_codes.begin_totp(member)
        if session.as_json:
            session.tell(made)
            return
        session.console.print(_square(made["uri"]), f"Or type this into the app: {made['secret']}", sep="\n")
        code = session.code()
    access_codes.switch_totp(member, code, active=True)
    session.tell({"active": True}, "From now on signing in takes a code of the app.")


@command(totp, _code)
def off(session: Session, code: str | None) -> None:
    """Turn the codes off with one that fits."""
    access_codes.switch_totp(session.member(), code or session.code(), active=False)
    session.tell({"active": False}, "Signing in takes no code any more.")


@command(totp)
def show(session: Session) -> None:
    """Say whether signing in takes a code, and whether the hub asks everybody for one."""
    session.facts(dict(access_codes.totp(session.member())))


@command(totp, click.argument("login_or_id"))
def reset(session: Session, login_or_id: str) -> None:
    """Let a colleague who lost the phone sign in without a code, until they set up another app (agency admins)."""
    access_codes.reset_totp(session.member(), login_or_id)
    session.tell({"reset": login_or_id}, f"{escape(login_or_id)} signs in without a code, until another app is set up.")


@click.command("totp-reset")
@click.argument("login")
@data
@click.pass_obj
def totp_reset(session: Session, login: str, data: Path) -> None:
    """Let LOGIN, the only admin of an agency who lost the phone, sign in without a code (operators)."""
    from hub.auth import totp as codes
    from hub.auth.store import AccountStore
    from hub.cli.operator import opened
    from hub.notify.account import tell_codes_off
    from hub.settings import Settings

    with opened(Settings.from_environment(data=data)) as hub, hub.database.write() as connection:
        found = AccountStore(connection).by_login(login)
        if found is None:
            raise NotFound("Nobody here has this login.")
        now = hub.wire.now()
        codes.reset(connection, found, "operator", now)
        tell_codes_off(connection, found, now)
    session.tell({"login": login}, f"{escape(login)} signs in without a code, until another app is set up.")


def _square(uri: str) -> str:
    drawn = StringIO()
    segno.make(uri).terminal(drawn, compact=True)
    return drawn.getvalue()
