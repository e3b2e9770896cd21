"""The only parser of what routes of timers are sent; rows are those of every list of handoffs."""

from __future__ import annotations

from marshmallow import RAISE, Schema, fields, validate

from hub.handoffs.schemas import HandoffView


class TimerQuery(Schema):
    """Which of the agency's timers that run, and from where on."""

    class Meta:
        """Unknown members are refused."""

        unknown = RAISE

    mine = fields.Boolean(load_default=False, metadata={"description": "only what the caller answers for"})
    escalated = fields.Boolean(
        load_default=False,
        metadata={"description": "only alerts that nobody has acknowledged, and dates of which supervisors were told"},
    )
    after = fields.String(load_default=None, validate=validate.Regexp(r"[0-9]{1,12}\.[A-Za-z0-9_-]{22}\Z"))
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 200))


class TimerPage(Schema):
    """Timers that run, what is due first first; pass `next` as `after` for the following page."""

    items = fields.List(fields.Nested(HandoffView), required=True)
    next = fields.String(required=True, allow_none=True)
