"""The only parser of what routes about notices are sent; unknown members are refused, but for what gateways add."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, pre_dump, validate

from hub.errors import InvalidRequest
from hub.notify.choices import Channel, Choice
from hub.notify.numbers import checked_number
from hub.notify.templates import LANGUAGES

_DAY = 24 * 60
_MINUTE = fields.Integer(strict=True, validate=validate.Range(0, _DAY - 1))
_MOST = 4096


def _number(value: str) -> None:
    try:
        checked_number(value)
    except InvalidRequest as error:
        raise ValidationError(error.detail) from error


def _zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError("Not a zone of the time zone database.")


class NoticeChoice(Schema):
    """How a member wants to be told. `quiet` is two minutes of the day in `zone`."""

    language = fields.String(required=True, validate=validate.OneOf(LANGUAGES))
    channels = fields.List(
        fields.String(validate=validate.OneOf([channel.value for channel in Channel])),
        required=True,
        validate=validate.Length(1, len(Channel)),
    )
    phone = fields.String(required=True, allow_none=True, validate=_number)
    quiet = fields.List(_MINUTE, required=True, allow_none=True, validate=validate.Length(equal=2))
    zone = fields.String(required=True, validate=_zone)

    @post_load
    def to_choice(self, given: dict[str, Any], **_more: Any) -> Choice:
        """Return the choice.

        Raises:
            ValidationError: a channel twice, texts without a number, or quiet hours that never end.
        """
        channels = tuple(dict.fromkeys(map(Channel, given["channels"])))
        if len(channels) != len(given["channels"]):
            raise ValidationError("Each channel once.", "channels")
        phone, quiet = given["phone"], given["quiet"]
        if Channel.SMS in channels and phone is None:
            raise ValidationError("Texts need a number.", "phone")
        if quiet is not None and quiet[0] == quiet[1]:
            raise ValidationError("Quiet hours end some time of the day.", "quiet")
        number = None if phone is None else checked_number(phone)
        return Choice(
            given["language"], channels, number, None if quiet is None else (quiet[0], quiet[1]), given["zone"]
        )

    @pre_dump
    def from_choice(self, choice: Choice, **_more: Any) -> dict[str, Any]:
        """Return the choice's members."""
        return {name: getattr(choice, name) for name in Choice.__slots__}


class RapidProText(Schema):
    """What a flow of RapidPro posts of a text that came."""

    id = fields.String(required=True, validate=validate.Length(1, 80))
    number = fields.String(required=True, data_key="from", validate=validate.Length(max=80))
    text = fields.String(required=True, data_key="content", validate=validate.Length(max=_MOST))


class AfricasTalkingText(Schema):
    """What Africa's Talking posts of a text that came."""

    class Meta:
        """It sends more than we use, and may send other things one day."""

        unknown = EXCLUDE

    id = fields.String(required=True, validate=validate.Length(1, 80))
    number = fields.String(required=True, data_key="from", validate=validate.Length(max=80))
    text = fields.String(load_default="", validate=validate.Length(max=_MOST))


class AfricasTalkingReport(Schema):
    """What Africa's Talking posts of a text that we sent."""

    class Meta:
        """As above."""

        unknown = EXCLUDE

    id = fields.String(required=True, validate=validate.Length(1, 100))
    status = fields.String(required=True, validate=validate.Length(max=40))
