"""The only parser of what routes about webhooks are sent; unknown members are refused."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from hub.notify.events import BATCH


class NewWebhook(Schema):
    """Where events are to go."""

    url = fields.String(required=True, validate=validate.Length(1, 300))


class WebhookShown(Schema):
    """An address, and how far it has come: it lags by `seq` - `sent` events."""

    id = fields.String(required=True)
    url = fields.String(required=True)
    created = fields.Integer(required=True)
    seq = fields.Integer(required=True)
    sent = fields.Integer(required=True)
    tries = fields.Integer(required=True)
    failing_since = fields.Integer(required=True, allow_none=True)


class WebhookList(Schema):
    """An agency's webhooks."""

    items = fields.List(fields.Nested(WebhookShown), required=True)


class EventsQuery(Schema):
    """Which events are asked for again."""

    after = fields.Integer(load_default=0, validate=validate.Range(0, 2**53))
    limit = fields.Integer(load_default=BATCH, validate=validate.Range(1, 500))


class EventShown(Schema):
    """One thing that happened, without content."""

    seq = fields.Integer(required=True)
    type = fields.String(required=True)
    handoff = fields.String(required=True)
    state = fields.String(required=True, allow_none=True)
    at = fields.Integer(required=True)


class EventPage(Schema):
    """Events after a number. `last` is the newest number there is; numbers between that are missing here are gone."""

    webhook = fields.String(required=True)
    last = fields.Integer(required=True)
    events = fields.List(fields.Nested(EventShown), required=True)
