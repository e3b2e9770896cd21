"""The only parser of what directory routes are sent; unknown members are refused."""

from __future__ import annotations

from zoneinfo import available_timezones

from marshmallow import Schema, ValidationError, fields, validate

from hub.directory.records.vocabulary import NEEDS
from hub.directory.servicemap.schemas import RecordOutcome
from hub.ids import RANDOM_PATTERN

_ID = validate.Regexp(RANDOM_PATTERN.pattern + r"\Z")
_NAME = validate.And(validate.Length(1, 200), validate.Predicate("isprintable"))
_DAYS = 6


def _a_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError("Not a time zone of the IANA database.")


def _a_weekend(value: list[int]) -> None:
    if len(set(value)) != len(value) or len(value) > _DAYS:
        raise ValidationError("Different days that leave a working day.")


class Profile(Schema):
    """How an agency is called and when it works; `weekend` counts from Monday as 0."""

    name = fields.String(required=True, validate=_NAME)
    zone = fields.String(required=True, validate=_a_zone)
    weekend = fields.List(
        fields.Integer(strict=True, validate=validate.Range(0, 6)), required=True, validate=_a_weekend
    )


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
