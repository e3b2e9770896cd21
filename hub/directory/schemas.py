"""The only parser of what directory routes are sent; unknown members are refused."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from hub.directory.document import MOST_DAYS
from hub.directory.records.vocabulary import NEEDS
from hub.directory.servicemap.schemas import RecordOutcome
from hub.errors import Malformed
from hub.ids import RANDOM_PATTERN
from hub.packets import shapes as a
from hub.packets.shapes import FIRST_SECOND, LAST_SECOND

_ID = validate.Regexp(RANDOM_PATTERN.pattern + r"\Z")
_NAME = validate.And(validate.Length(1, 200), validate.Predicate("isprintable"))
_DAYS = 6
_SECONDS = validate.Range(FIRST_SECOND, LAST_SECOND)
_LONGEST_TURN = 31 * 86_400


def _a_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError("Not a time zone of the IANA database.")


def _a_weekend(value: list[int]) -> None:
    if len(set(value)) != len(value) or len(value) > _DAYS:
        raise ValidationError("Different days that leave a working day.")


def _a_day(value: str) -> None:
    try:
        a.date(value)
    except Malformed as error:
        raise ValidationError("Not a day between 2020 and 2100.") from error


def _days() -> fields.List[Any]:
    day = fields.String(validate=_a_day)  # text, as documents have it and as it is kept
    return fields.List(day, load_default=[], validate=validate.Length(0, MOST_DAYS))


class Profile(Schema):
    """How an agency is called and when it works; `weekend` counts from Monday as 0.

    `closed`: own days off. `worked`: public holidays on which it works. `remote`: far from everything, so that the
    limits of the urgency classes are twice as long.
    """

    name = fields.String(required=True, validate=_NAME)
    zone = fields.String(required=True, validate=_a_zone)
    weekend = fields.List(
        fields.Integer(strict=True, validate=validate.Range(0, 6)), required=True, validate=_a_weekend
    )
    closed, worked = _days(), _days()
    remote = fields.Boolean(load_default=False)


class Turn(Schema):
    """One member's turn on duty, in Unix seconds; the end does not belong to it."""

    member = fields.String(required=True, validate=_ID)
    since = fields.Integer(strict=True, required=True, validate=_SECONDS)
    until = fields.Integer(strict=True, required=True, validate=_SECONDS)

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_more: Any) -> None:
        if not 0 < data["until"] - data["since"] <= _LONGEST_TURN:
            raise ValidationError("A turn ends after it begins, and within 31 days.")


class DutyRota(Schema):
    """Who of the own agency is on duty when; put as a whole."""

    turns = fields.List(fields.Nested(Turn), required=True, validate=validate.Length(0, 500))


class Attestation(Schema):
    """A signed declaration (DSSE), or null where an agency made none."""

    attestation = fields.Dict(required=True, allow_none=True)


class AgencyProfile(Profile):
    """A profile and whose it is."""

    agency = fields.String(required=True)


class Offer(Schema):
    """One thing that an agency offers: a need of the vocabulary, and how it is called."""

    need = fields.String(required=True, validate=validate.OneOf(list(NEEDS)))
    name = fields.String(required=True, validate=_NAME)


class Offers(Schema):
    """All that an agency offers through one of its inboxes; `areas`: the codes of those that it covers."""

    offers = fields.List(fields.Nested(Offer), required=True, validate=validate.Length(1, 200))
    inbox = fields.String(required=True, validate=_ID)
    areas = fields.List(fields.String(validate=validate.Regexp(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,31}\Z")), load_default=[])


class Offered(Schema):
    """What became of each record."""

    services = fields.List(fields.Nested(RecordOutcome), required=True)


class Directory(Schema):
    """All agencies that this hub knows, and the needs that the services of each meet."""

    agencies = fields.List(fields.Nested(AgencyProfile), required=True)
    offers = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)
