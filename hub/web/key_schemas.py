"""Shapes of key documents over HTTP; the documents themselves are read by `hub.keys`, which trusts none of this."""

from __future__ import annotations

from marshmallow import Schema, fields, validate, validates_schema
from marshmallow.exceptions import ValidationError

from hub.auth.schemas import Bytes
from hub.ids import RANDOM_PATTERN

_MAX_SEALED = 1024


class Document(Schema):
    """A DSSE envelope of docs/protocol.md §3."""

    payload = fields.String(required=True)
    payloadType = fields.String(required=True)  # noqa: N815 - the name that DSSE gives it
    signatures = fields.List(
        fields.Dict(keys=fields.String(), values=fields.String()), required=True, validate=validate.Length(1, 8)
    )


class Entry(Schema):
    """An agency's key entry, signed by its root."""

    entry = fields.Nested(Document, required=True)


class Certificates(Schema):
    """A member certificate, a revocation, or both: the revocation of the old key goes first; or who leaves for good."""

    certificate = fields.Nested(Document)
    revocation = fields.Nested(Document)
    leaves = fields.String(validate=validate.Regexp(RANDOM_PATTERN))

    @validates_schema
    def some(self, data: dict[str, object], **_given: object) -> None:
        """Refuse a request without either."""
        if not data:
            raise ValidationError("One of certificate, revocation and leaves is needed.")


class Agency(Schema):
    """An agency as its newest key entry says it is."""

    agency = fields.String(required=True)
    host = fields.String(required=True)
    kind = fields.String(required=True)
    country = fields.String(required=True)
    seq = fields.Integer(required=True)
    hash = fields.String(required=True)
    local = fields.Boolean(required=True)


class Proven(Schema):
    """A key document with its place in its home hub's log."""

    document = fields.Nested(Document, required=True)
    index = fields.Integer(required=True)
    salt = fields.String(required=True)
    proof = fields.List(fields.String(), required=True)


class Documents(Schema):
    """An agency's key documents under a checkpoint of its home hub: what a client verifies by itself."""

    checkpoint = fields.String(required=True)
    entries = fields.List(fields.Nested(Proven), required=True)


class Device(Schema):
    """A member's device key; `login` is for colleagues alone, null where nobody of this hub has the key."""

    member = fields.String(required=True)
    login = fields.String(required=True, allow_none=True)
    keyid = fields.String(required=True)
    roles = fields.List(fields.String(), required=True)
    recipient = fields.String(required=True)
    valid_from = fields.Integer(required=True)
    valid_until = fields.Integer(required=True)
    revoked_at = fields.Integer(required=True, allow_none=True)


class Grant(Schema):
    """An epoch secret, sealed to one device."""

    epoch = fields.Integer(required=True, strict=True)
    member = fields.String(required=True)
    kid = fields.String(required=True)
    wrapped = fields.String(required=True)


class Grants(Schema):
    """Sealed epoch secrets for devices of one's own agency, and the `current` login secret."""

    grants = fields.List(fields.Nested(Grant), required=True, validate=validate.Length(1, 100))
    current = Bytes(size=32, required=True)


class Recovery(Schema):
    """A recovery key, signed by the root, and what is sealed to it."""

    key = fields.Nested(Document, required=True)
    root = Bytes(required=True, most=_MAX_SEALED)
    epochs = Bytes(required=True, most=_MAX_SEALED)


class RecoveryEpochs(Schema):
    """The newest epochs, sealed to the recovery key of this name."""

    sign = Bytes(required=True, size=32)
    epochs = Bytes(required=True, most=_MAX_SEALED)


class RecoveryUse(Schema):
    """What somebody signs who has put two shares together."""

    use = fields.Nested(Document, required=True)


class Recovered(Schema):
    """What the shares open, and the code with which who holds them enrols."""

    root = Bytes(required=True)
    epochs = Bytes(required=True)
    code = fields.String(required=True)
