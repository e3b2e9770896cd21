"""Routes about notices: how a member wants to be told, and what gateways for texts tell us.

A gateway shows the secret that the operator gave it: in a header, or in the address where it can do no other; no log
has addresses. What it says twice changes nothing. It is never told whether we know of what it speaks.
"""

from __future__ import annotations

import hmac
from typing import Any

from flask import request
from flask_smorest import Blueprint

from hub.auth.permissions import Caller, caller, permission, register_verifier
from hub.context import current_hub
from hub.errors import InvalidRequest, Unauthenticated
from hub.notify.africastalking import FATES
from hub.notify.choices import Channel, Choice, Choices
from hub.notify.inbound import InboundTexts
from hub.notify.schemas import AfricasTalkingReport, AfricasTalkingText, NoticeChoice, RapidProText
from hub.notify.undelivered import take_report

blueprint = Blueprint("notices", __name__, description="How members are told, and texts")
_RAPIDPRO, _AFRICAS = "/sms/rapidpro", "/sms/africastalking/<string:secret>"


def register_gateways(app: Any) -> None:
    """Let the gateway for texts in on routes of its own."""
    register_verifier(app, "gateway", _gateway)


@blueprint.route("/api/v1/me/notices")
@blueprint.response(200, NoticeChoice)
@permission("member")
def get_choice() -> Choice:
    """How the member wants to be told."""
    with current_hub().database.read() as connection:
        return Choices(connection).of(caller().agency, caller().member)


@blueprint.route("/api/v1/me/notices", methods=["PUT"])
@blueprint.arguments(NoticeChoice)
@blueprint.response(204)
@permission("member")
def put_choice(choice: Choice) -> None:
    """Choose how to be told."""
    hub = current_hub()
    if Channel.SMS in choice.channels and not hub.settings.sms:
        raise InvalidRequest("This hub sends no texts.", todo="Choose mail alone.")
    with hub.database.write() as connection:
        Choices(connection).put(caller().agency, caller().member, choice)


@blueprint.route(f"{_RAPIDPRO}/inbound", methods=["POST"])
@blueprint.arguments(RapidProText)
@blueprint.response(204)
@permission("gateway")
def post_rapidpro_text(given: dict[str, str]) -> None:
    """Take a text from a flow of RapidPro."""
    _keep("rapidpro", given)


@blueprint.route(f"{_AFRICAS}/inbound", methods=["POST"])
@blueprint.arguments(AfricasTalkingText, location="form")
@blueprint.response(204)
@permission("gateway")
def post_africastalking_text(given: dict[str, str], secret: str) -> None:  # noqa: ARG001 - the hook looked at it
    """Take a text from Africa's Talking."""
    _keep("africastalking", given)


@blueprint.route(f"{_AFRICAS}/reports", methods=["POST"])
@blueprint.arguments(AfricasTalkingReport, location="form")
@blueprint.response(204)
@permission("gateway")
def post_africastalking_report(given: dict[str, str], secret: str) -> None:  # noqa: ARG001 - the hook looked at it
    """Take Africa's Talking's word on what became of a text."""
    hub, fate = current_hub(), FATES.get(given["status"])
    if fate is not None:
        with hub.database.write() as connection:
            take_report(connection, hub.origin, given["id"], fate, hub.clock.now())


def _keep(gateway: str, given: dict[str, str]) -> None:
    hub = current_hub()
    with hub.database.write() as connection:
        number = given["number"].removeprefix("tel:")
        InboundTexts(connection).put(f"{gateway}:{given['id']}", number, given["text"], hub.clock.now())


def _gateway() -> Caller:
    """Return the gateway that the request shows to be.

    Raises:
        Unauthenticated: it is not the one that this hub uses, or shows another secret.
    """
    settings = current_hub().settings
    shown = (request.view_args or {}).get("secret") or request.headers.get("Authorization", "").removeprefix("Token ")
    wanted = settings.sms_callback if request.path.startswith(f"/sms/{settings.sms}/") else ""
    if not wanted or not hmac.compare_digest(shown.encode(), wanted.encode()):
        raise Unauthenticated("This is not the gateway that this hub uses.", todo="Look at HUB_SMS_CALLBACK.")
    return Caller()
