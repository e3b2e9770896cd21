"""The only parser of what the routes about reported answers are sent; unknown members are refused."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from hub.proxies.domain import Finding, Why


class ProxyCode(Schema):
    """A code that was sent: its id, and the last two digits of the number, so that people know which phone rings."""

    code = fields.String(required=True)
    number_ends = fields.String(required=True)
    until = fields.Integer(required=True)


class ReadBack(Schema):
    """The six digits that the provider read out."""

    digits = fields.String(required=True, validate=validate.Regexp(r"[0-9]{6}\Z"))


class CodeRead(Schema):
    """That the digits were right."""

    code = fields.String(required=True)
    read_back = fields.Boolean(required=True)


class ReviewView(Schema):
    """A reported answer that a supervisor looks into; `member` reported it."""

    statement = fields.String(required=True)
    handoff = fields.String(required=True)
    member = fields.String(required=True)
    why = fields.Enum(Why, by_value=True, required=True)
    since = fields.Integer(required=True)
    finding = fields.Enum(Finding, by_value=True, allow_none=True)


class ReviewList(Schema):
    """What the own agency's supervisors have to look into, the oldest first."""

    reviews = fields.List(fields.Nested(ReviewView), required=True)


class ReviewFinding(Schema):
    """What the supervisor found: the answer was given, or it is doubted."""

    finding = fields.Enum(Finding, by_value=True, required=True)
