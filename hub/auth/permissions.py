"""Who may call a route: every route declares it, one hook enforces it, and a route without a declaration is refused.

Does not know how anybody proves who they are: a verifier for each kind of caller is registered by the room that does
(`hub.auth.access` for members and invitations, federation for peers). Reading the identity: `caller()`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast, get_args

from flask import Flask, current_app, g, request

from hub.errors import Forbidden, TotpSetup

Kind = Literal["public", "member", "invitation", "peer", "operator", "link", "gateway"]
View = TypeVar("View", bound=Callable[..., Any])
_ATTRIBUTE = "hub_permission"
_VERIFIERS = "hub.verifiers"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. A member has all of the first three; an invitation has the agency and the roles that it is for."""

    agency: str = ""
    member: str = ""
    roles: frozenset[str] = frozenset()
    peer: str = ""
    """Host of the peer whose signature the request carries."""
    pending: bool = False
    """Enrolled, but without a certificate that is valid now."""
    credential: str = ""
    """Hash of the session's token or of the invitation's code."""
    codeless: bool = False
    """Signed in without a code of an authenticator app at a hub that asks everybody for one."""


@dataclass(frozen=True, slots=True)
class Permission:
    """What a route asks of its caller.

    `roles` empty means any; `pending` lets members in who are not certified yet, `codeless` those who have to set up an
    authenticator app first.
    """

    kind: Kind
    roles: frozenset[str] = frozenset()
    pending: bool = False
    codeless: bool = False

    def check(self, who: Caller) -> None:
        """Return if `who`, a caller of this kind, may go on.

        Raises:
            Forbidden: no certificate yet (or no longer), or none of the roles.
            TotpSetup: an authenticator app comes first.
        """
        if who.codeless and not self.codeless:
            raise TotpSetup("This hub asks everybody for a code of an authenticator app.")
        if who.pending and not self.pending:
            raise Forbidden("Your agency has not certified this member, or no longer does.")
        if self.roles and not self.roles & who.roles:
            named = " or ".join(sorted(role.replace("_", " ") for role in self.roles))
            raise Forbidden("None of your roles allows this.", todo=f"Ask a colleague who is {named}.")


def permission(
    kind: Kind, *, roles: set[str] | frozenset[str] = frozenset(), pending: bool = False, codeless: bool = False
) -> Callable[[View], View]:
    """Declare who may call a view; stands below the route decorator.

    Raises:
        ValueError: a kind that does not exist.
    """
    if kind not in get_args(Kind):
        raise ValueError(f"no such kind of caller: {kind}")

    def declare(view: View) -> View:
        setattr(view, _ATTRIBUTE, Permission(kind, frozenset(roles), pending, codeless))
        return view

    return declare


def permission_of(view: Callable[..., Any] | None, method: str) -> Permission | None:
    """Return what a view function (or the method of a view class) declares, or None."""
    holder = getattr(view, "view_class", None)
    handler = view if holder is None else getattr(holder, method.lower(), None)
    return cast("Permission | None", getattr(handler, _ATTRIBUTE, None))


def register_verifier(app: Flask, kind: Kind, verifier: Callable[[], Caller]) -> None:
    """Let `verifier` say who the caller is on routes of `kind`; it raises Unauthenticated or Forbidden."""
    app.extensions.setdefault(_VERIFIERS, {})[kind] = verifier


def guard(app: Flask) -> None:
    """Put the one hook on `app` that every request passes before its view."""
    app.before_request(_admit)


def caller() -> Caller:
    """Return who asks; the hook has seen to it that it is somebody the route lets in."""
    return cast("Caller", g.caller)


def _admit() -> None:
    if request.routing_exception is not None:
        return
    view = current_app.view_functions.get(request.endpoint or "")
    method = "GET" if request.method == "HEAD" and permission_of(view, "HEAD") is None else request.method
    wanted = permission_of(view, method)
    if wanted is None:
        raise Forbidden("Nobody may call this address.")
    g.caller = _identify(wanted.kind)
    wanted.check(g.caller)


def _identify(kind: Kind) -> Caller:
    if kind == "public":
        return Caller()
    verifier = current_app.extensions.get(_VERIFIERS, {}).get(kind)
    if verifier is None:
        raise Forbidden("This hub does not take such callers.")
    return cast("Caller", verifier())
