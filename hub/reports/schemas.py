"""The only parser of what the routes of reports are sent; unknown members are refused."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from hub.reports.domain import SPLITS

_MONTH = validate.Regexp(r"20[0-9]{2}-(0[1-9]|1[0-2])\Z")


class ReportMonth(Schema):
    """Which month."""

    month = fields.String(required=True, validate=_MONTH)


class CountsQuestion(ReportMonth):
    """And which split; without one, for how many needs help was sought."""

    split = fields.String(load_default=None, validate=validate.OneOf(list(SPLITS)))


class TimelinessRow(Schema):
    """The figures of one corridor in one direction; times are seconds."""

    direction = fields.String(required=True, validate=validate.OneOf(("sent", "received")))
    from_ = fields.String(required=True, data_key="from", attribute="from")
    to = fields.String(required=True)
    referrals = fields.Integer(required=True)
    delivered = fields.Integer(required=True)
    answered = fields.Integer(required=True)
    answered_in_time = fields.Integer(required=True)
    expired = fields.Integer(required=True)
    open = fields.Integer(required=True)
    states = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    grades = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    rungs = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    times = fields.Dict(keys=fields.String(), values=fields.Dict(), required=True)


class TimelinessReport(Schema):
    """The own agency's figures of a month, exactly."""

    month = fields.String(required=True)
    agency = fields.String(required=True)
    corridors = fields.List(fields.Nested(TimelinessRow), required=True)


class ChaseRow(Schema):
    """How much waits for an agency past its due time: exactly for the own one, else in which band."""

    agency = fields.String(required=True)
    band = fields.String(required=True, validate=validate.OneOf(("few", "some", "many")))
    waiting = fields.Integer(required=True, allow_none=True)


class ChaseBoard(Schema):
    """All agencies, those for which most waits first."""

    since = fields.Integer(required=True)
    agencies = fields.List(fields.Nested(ChaseRow), required=True)


class SignedCounts(Schema):
    """A month's counts as an agency signed them (DSSE)."""

    counts = fields.Dict(required=True)


class PublishedMonth(Schema):
    """Which month is published now."""

    agency = fields.String(required=True)
    month = fields.String(required=True)
    hash = fields.String(required=True)


class CountLine(Schema):
    """One count; null where it is hidden, `least` what those agencies count that tell theirs."""

    service = fields.String(required=True, allow_none=True)
    area = fields.String(required=True, allow_none=True)
    age_band = fields.String(required=True, allow_none=True)
    sex = fields.String(required=True, allow_none=True)
    agencies = fields.Integer(required=True)
    sought = fields.Integer(required=True)
    grades = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    grades_of = fields.Integer(required=True, allow_none=True)
    class_ = fields.String(required=True, allow_none=True, data_key="class", attribute="class")
    count = fields.Integer(required=True, allow_none=True)
    least = fields.Integer(required=True)
    percent = fields.Integer(required=True, allow_none=True)


class MonthTogether(Schema):
    """What the agencies of this hub and its peers published of a month, together; and the own agency's document."""

    month = fields.String(required=True)
    agencies = fields.Integer(required=True)
    own = fields.Dict(required=True, allow_none=True)
    rows = fields.List(fields.Nested(CountLine), required=True)
