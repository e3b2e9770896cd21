"""The only parser of what directory routes are sent; unknown members are refused."""

from __future__ import annotations

from zoneinfo import available_timezones

from marshmallow import Schema, ValidationError, fields, validate

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


class Service(Schema):
    """One thing that an agency offers, through one of its published inboxes."""

    id = fields.String(validate=_ID)
    name = fields.String(required=True, validate=_NAME)
    type = fields.String(required=True, validate=validate.Regexp(r"[a-z][a-z0-9_.]{0,47}\Z"))
    inbox = fields.String(required=True, validate=_ID)


class AgencyService(Service):
    """A service and whose it is."""

    agency = fields.String(required=True)


class Services(Schema):
    """All that an agency offers."""

    services = fields.List(fields.Nested(Service), required=True, validate=validate.Length(max=200))


class Directory(Schema):
    """All public agencies and services that this hub knows."""

    agencies = fields.List(fields.Nested(AgencyProfile), required=True)
    services = fields.List(fields.Nested(AgencyService), required=True)
