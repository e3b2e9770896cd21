"""A member's own sessions at the hub, and the codes of an authenticator app that signing in may take.

Asks the hub and shows what it says; nothing here is secret but the app's secret, which is shown once and not kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.client.enrol import colleague
from hub.client.transport import well_formed
from hub.packets.encoding import b64u

if TYPE_CHECKING:
    from hub.client.member import Member


def sessions(member: Member) -> list[dict[str, Any]]:
    """Return where the member is signed in, the newest first."""
    return list(member.hub.get("/api/v1/sessions"))


def end_session(member: Member, named: str) -> None:
    """End one session.

    Raises:
        NotFound: the member has no such session.
    """
    member.hub.delete(f"/api/v1/sessions/{named}")


def end_all(member: Member) -> None:
    """End every session, this one too."""
    member.hub.delete("/api/v1/sessions")


def history(member: Member) -> list[dict[str, Any]]:
    """Return what happened to the member's account, the newest first."""
    return list(member.hub.get("/api/v1/me/events"))


def totp(member: Member) -> dict[str, bool]:
    """Return whether signing in takes a code, and whether the hub asks everybody for one."""
    found = member.hub.get("/api/v1/totp")
    with well_formed():
        return {"active": bool(found["active"]), "required": bool(found["required"])}


def begin_totp(member: Member) -> dict[str, str]:
    """Return a new secret of an authenticator app; it counts once a code of it was shown.

    Raises:
        Conflict: codes are in use.
    """
    found = member.hub.post("/api/v1/totp", {})
    with well_formed():
        return {"secret": str(found["secret"]), "uri": str(found["uri"])}


def switch_totp(member: Member, code: str, *, active: bool) -> None:
    """Turn codes on or off with one that fits.

    Raises:
        Forbidden: it does not fit, or was used.
    """
    member.hub.put("/api/v1/totp", {"active": active, "code": code, "current": b64u(member.secrets.auth)})


def reset_totp(member: Member, named: str) -> None:
    """Let a colleague who lost the phone sign in without a code; their sessions end, and it is written down.

    Raises:
        NotFound: nobody of that name is certified here, or they use no codes.
        Forbidden: the member is no agency admin.
    """
    member.hub.delete(f"/api/v1/accounts/{colleague(member, named)[0].member}/totp")
