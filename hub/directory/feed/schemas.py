"""The only parser of what feed routes are sent; unknown members are refused."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from hub.packets.encoding import MAX_INTEGER

_COUNTRY = validate.Regexp(r"[A-Z]{2}\Z")


class FeedPlace(Schema):
    """The number after which a page begins."""

    after = fields.Integer(load_default=0, validate=validate.Range(0, MAX_INTEGER))


class CounterpartQuery(Schema):
    """One way of a corridor, `DJ-ET`, or two countries and so both ways; `day`: agreements as of that day."""

    corridor = fields.String(validate=validate.Regexp(r"[A-Z]{2}-[A-Z]{2}\Z"))
    countries = fields.List(fields.String(validate=_COUNTRY), validate=validate.Length(equal=2))
    day = fields.Date()

    @validates_schema
    def one_question(self, data: dict[str, Any], **_more: Any) -> None:
        """Either a corridor or two countries."""
        if ("corridor" in data) == ("countries" in data):
            raise ValidationError("Name a corridor or two countries.")


class Agreement(Schema):
    """What one side says about the other. `until`: the last day, as far as it is known."""

    side = fields.String(required=True, validate=validate.OneOf(["sender", "receiver"]))
    agreement = fields.String(allow_none=True, required=True)
    basis = fields.String(allow_none=True, required=True)
    may_receive_transfers = fields.Boolean(allow_none=True, required=True)
    until = fields.String(allow_none=True, required=True)
    expired = fields.Boolean(required=True)


class Side(Schema):
    """A provider at one end; `name` is null where its record is not known here."""

    id = fields.String(required=True)
    name = fields.String(allow_none=True, required=True)
    country = fields.String(required=True)
    agency = fields.String(allow_none=True, required=True)
    host = fields.String(allow_none=True, required=True)


class Counterparts(Schema):
    """Two providers who work together along one way of a corridor.

    `said`: by `both`, or only by one side; `may_receive`: `yes` only where both say so and neither has expired.
    """

    corridor = fields.String(required=True)
    sender = fields.Nested(Side, required=True)
    receiver = fields.Nested(Side, required=True)
    said = fields.String(required=True, validate=validate.OneOf(["both", "sender", "receiver", "nobody"]))
    may_receive = fields.String(required=True, validate=validate.OneOf(["yes", "no", "unknown"]))
    until = fields.String(allow_none=True, required=True)
    agreements = fields.List(fields.Nested(Agreement), required=True)


class CounterpartList(Schema):
    """What is known of a corridor as of a day."""

    day = fields.String(required=True)
    counterparts = fields.List(fields.Nested(Counterparts), required=True)
