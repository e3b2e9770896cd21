"""Routes for answers by phone: send a code to the verified number, read it back, look into what was reported.

The digits come once, to be compared; they are kept as a slow hash, and stand in no statement and no log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_smorest import Blueprint

from hub.auth.permissions import caller, permission
from hub.context import current_hub
from hub.directory.verified import verified_number
from hub.errors import Forbidden, InvalidRequest, NotFound, NoVerifiedNumber, RateLimited, Unavailable
from hub.handoffs.store import HandoffStore
from hub.ids import random_id
from hub.notify.codes import new_code
from hub.notify.store import Notices
from hub.notify.templates import CODE
from hub.proxies import schemas
from hub.proxies.service import CODE_LIFE
from hub.proxies.store import Codes, Reviews

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.handoffs.store import Handoff

MOST_A_DAY, MOST_TRIES = 3, 5
DAY = 86_400
blueprint = Blueprint("proxies", __name__, url_prefix="/api/v1", description="Answers by phone, SMS or paper")


@blueprint.route("/handoffs/<string:handoff>/codes", methods=["POST"])
@blueprint.response(201, schemas.ProxyCode)
@permission("member", roles={"caseworker"})
def send_code(handoff: str) -> dict[str, Any]:
    """Send six digits, and nothing else, to the recipient's number in the verified service map."""
    hub, now = current_hub(), current_hub().clock.now()
    with hub.database.write() as connection:
        found, codes = _own(connection, handoff), Codes(connection)
        if codes.sent_since(handoff, now - DAY) >= MOST_A_DAY:
            raise RateLimited("Three codes were sent about this referral today.", todo="Report it without a code.")
        number = verified_number(connection, found.to_agency, now, besides=found.from_agency)
        if number is None:
            raise NoVerifiedNumber(
                "The service map has no verified number of this provider.", todo="Report the answer without a code."
            )
        if not hub.settings.sms:
            raise Unavailable("This hub sends no texts.", todo="Report the answer without a code.")
        identifier, (digits, code) = random_id(), new_code()
        codes.put(identifier, handoff, code, now)
        Notices(connection).put_text(
            key=f"code:{identifier}",
            number=number,
            template=CODE,
            facts={"code": digits},
            now=now,
            agency=found.from_agency,
            handoff=handoff,
        )
    return {"code": identifier, "number_ends": number[-2:], "until": now + CODE_LIFE}


@blueprint.route("/handoffs/<string:handoff>/codes/<string:code>", methods=["POST"])
@blueprint.arguments(schemas.ReadBack)
@blueprint.response(200, schemas.CodeRead)
@permission("member", roles={"caseworker"})
def read_back(given: dict[str, Any], handoff: str, code: str) -> dict[str, Any]:
    """Compare the digits that the provider read out on the phone."""
    hub, now = current_hub(), current_hub().clock.now()
    with hub.database.write() as connection:
        _own(connection, handoff)
        codes = Codes(connection)
        sent = codes.find(code)
        if sent is None or sent.handoff != handoff:
            raise NotFound("There is no such code.")
        if now > sent.sent_at + CODE_LIFE or sent.tries >= MOST_TRIES:
            raise Forbidden("This code is over.", todo="Have a new one sent.")
        right = sent.code.is_of(given["digits"])
        if right:
            codes.read_back(code, now)
        else:
            codes.tried(code)
    if not right:
        left = MOST_TRIES - sent.tries - 1
        raise InvalidRequest(f"These are not the digits; {left} tries are left.", todo="Ask for them again, slowly.")
    return {"code": code, "read_back": True}


@blueprint.route("/reviews")
@blueprint.response(200, schemas.ReviewList)
@permission("member", roles={"supervisor"})
def get_reviews() -> dict[str, Any]:
    """Reported answers that wait for a supervisor: the number said no, or chance chose them."""
    with current_hub().database.read() as connection:
        return {"reviews": Reviews(connection).open(caller().agency)}


@blueprint.route("/reviews/<string:statement>", methods=["POST"])
@blueprint.arguments(schemas.ReviewFinding)
@blueprint.response(200, schemas.ReviewView)
@permission("member", roles={"supervisor"})
def put_finding(given: dict[str, Any], statement: str) -> dict[str, Any]:
    """Say what came of looking into it. Nobody looks into what they reported themselves."""
    hub, who = current_hub(), caller()
    with hub.database.write() as connection:
        reviews = Reviews(connection)
        review = reviews.find(statement)
        if review is None or review.agency != who.agency:
            raise NotFound("There is nothing of this kind to look into.")
        if review.member == who.member:
            raise Forbidden("You reported this answer yourself.", todo="Ask another supervisor to look into it.")
        reviews.found(statement, given["finding"], who.member, hub.clock.now())
        shown = reviews.find(statement)
    return {name: getattr(shown, name) for name in ("statement", "handoff", "member", "why", "since", "finding")}


def _own(connection: Connection, handoff: str) -> Handoff:
    """Return a referral that the caller's agency sent, locked.

    Raises:
        NotFound: there is none.
    """
    found = HandoffStore(connection).find(handoff, lock=True)
    if found is None or found.from_agency != caller().agency or found.kind != "referral":
        raise NotFound("There is no such referral of your agency here.")
    return found
