"""The only parser of what routes of queues are sent; rows are those of every list of handoffs."""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from hub.handoffs.schemas import HandoffView
from hub.ids import AGENCY_PATTERN
from hub.queues.domain import OPEN, QUEUES, URGENCIES, Desk, Order
from hub.referrals.domain import BEGUN


def _words(known: tuple[str, ...]) -> fields.List[Any]:
    one = fields.String(validate=validate.OneOf(known))
    return fields.List(one, load_default=[], validate=validate.Length(max=len(known)))


class QueueChoice(Schema):
    """Which rows of a desk: only those of some states or urgencies, with one agency, or that name the caller."""

    class Meta:
        """Unknown members are refused."""

        unknown = RAISE

    states = _words(tuple(state.value for state in BEGUN))
    urgencies = _words(tuple(urgency.value for urgency in URGENCIES))
    agency = fields.String(load_default=None, validate=validate.Regexp(rf"{AGENCY_PATTERN.pattern}\Z"))
    mine = fields.Boolean(load_default=False, metadata={"description": "only what the caller is named for"})
    due_before = fields.Integer(load_default=None, strict=True, validate=validate.Range(0, 99_999_999_999))
    arrivals = fields.Boolean(
        load_default=False,
        metadata={"description": "only children who are awaited within the week, and nobody has confirmed"},
    )


class _QueuePageQuery(QueueChoice):
    order = fields.String(load_default=Order.DUE.value, validate=validate.OneOf([order.value for order in Order]))
    after = fields.String(load_default=None, validate=validate.Length(1, 100))
    limit = fields.Integer(load_default=50, strict=True, validate=validate.Range(1, 200))


class OwnerQueue(_QueuePageQuery):
    """A page of what the own agency sent."""

    queue = fields.String(load_default=OPEN, validate=validate.OneOf(QUEUES[Desk.OWNER]))


class ProviderQueue(_QueuePageQuery):
    """A page of what the own agency was sent."""

    queue = fields.String(load_default=OPEN, validate=validate.OneOf(QUEUES[Desk.PROVIDER]))


class SupervisorQueue(_QueuePageQuery):
    """A page of what supervisors look into, sent or received."""

    queue = fields.String(load_default="escalated", validate=validate.OneOf(QUEUES[Desk.SUPERVISOR]))


class QueuePage(Schema):
    """One page; pass `next` as `after` for the following one. What has changed since the first comes last, as it is."""

    items = fields.List(fields.Nested(HandoffView), required=True)
    next = fields.String(required=True, allow_none=True)


class QueueCounts(Schema):
    """How much stands in each queue of a desk."""

    queues = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class ProviderLoad(Schema):
    """What waits for one provider: exact for the own agency, else few, some or many, and no median."""

    agency = fields.String(required=True)
    open = fields.String(required=True)
    past_due = fields.String(required=True)
    median_days = fields.Integer(required=True, allow_none=True)


class ProviderLoads(Schema):
    """All agencies that are known here; no row says whether there is anything where it says few."""

    providers = fields.List(fields.Nested(ProviderLoad), required=True)
