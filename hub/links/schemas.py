"""What the routes of links take and give; statements and packets are parsed by their own formats."""

from __future__ import annotations

from marshmallow import RAISE, Schema, fields, validate

from hub.handoffs.schemas import HandoffDetail, HandoffView, Taken

_KEY = validate.Regexp(r"[A-Za-z0-9_-]{43}\Z")
_SIX = validate.Regexp(r"[0-9]{6}\Z")


class _OfLink(Schema):
    class Meta:
        """Unknown members are refused."""

        unknown = RAISE


class LinkShown(Schema):
    """How a link stands. It says nothing about who sent it, to whom, or what it opens."""

    now = fields.Integer(required=True)
    state = fields.String(
        required=True, validate=validate.OneOf(["open", "claimed", "locked", "revoked", "expired", "over"])
    )
    code = fields.String(required=True, validate=validate.OneOf(["voice", "sms"]))
    left = fields.Integer(required=True)


class CodeAsked(_OfLink):
    """Nothing: the hub knows where the code goes."""


class CodeSent(Schema):
    """The last two digits of the number that the code goes to."""

    ends = fields.String(required=True)


class LinkOpening(_OfLink):
    """The device's public key, and what proves a spoken code, or the six digits of one that was sent."""

    device = fields.String(required=True, validate=_KEY)
    proof = fields.String(load_default=None, validate=_KEY)
    code = fields.String(load_default=None, validate=_SIX)


class LinkClaimed(Schema):
    """What the device needs for `referral.bind`."""

    now = fields.Integer(required=True)
    handoff = fields.String(required=True)
    agency = fields.String(required=True)
    heads = fields.List(fields.String(), required=True)


class LinkStatement(_OfLink):
    """A signed statement and the packet beside it; documents are text, so that no byte changes on the way."""

    statement = fields.String(required=True)
    manifest = fields.String(load_default=None, allow_none=True)
    body = fields.String(load_default=None, allow_none=True)


class LinkTaken(Taken):
    """The hub's receipt for what the device signed, and the handoff as it now stands; null once the link has ended."""

    handoff = fields.Nested(HandoffView, required=True, allow_none=True)


class LinkHandoff(HandoffDetail):
    """A handoff as its link's device is shown it, with all that is needed to verify it."""

    now = fields.Integer(required=True)
    until = fields.Integer(required=True)
    keys = fields.Dict(keys=fields.String(), values=fields.Dict(), required=True)
    hubs = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    names = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
