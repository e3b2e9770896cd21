"""The only parser of what account routes are sent; unknown members are refused."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from hub.auth.accounts import ROLES
from hub.errors import Malformed
from hub.ids import RANDOM_PATTERN
from hub.keys.vault import ALGORITHM, MEMORY_CEILING, MEMORY_FLOOR, OPS_CEILING, OPS_FLOOR
from hub.packets.encoding import b64u, from_b64u

MAX_VAULT = 256 * 1024
_CODE = validate.Regexp(r"[0-9]{6}\Z")
_LOGIN = validate.Regexp(r"[a-z0-9][a-z0-9._-]{2,62}\Z")


class Bytes(fields.Field[bytes]):
    """Unpadded base64url of at most `most` bytes, or exactly `size`."""

    default_error_messages = {"invalid": "Not unpadded base64url of the right length."}  # noqa: RUF012  # marshmallow's own form

    def __init__(self, *, size: int | None = None, most: int = MAX_VAULT, **given: Any) -> None:
        self._size, self._most = size, most
        shape = {"type": "string", "pattern": "^[A-Za-z0-9_-]*$"}
        super().__init__(metadata=shape, **given)

    def _serialize(self, value: bytes | None, *_given: Any, **_more: Any) -> str | None:
        return None if value is None else b64u(value)

    def _deserialize(self, value: Any, *_given: Any, **_more: Any) -> bytes:
        try:
            data = from_b64u(value, self._size)
        except Malformed as error:
            raise self.make_error("invalid") from error
        if not data or len(data) > self._most:
            raise self.make_error("invalid")
        return data


class Kdf(Schema):
    """Parameters of Argon2id; below the floor of docs/protocol.md §5 they are refused here too."""

    alg = fields.String(required=True, validate=validate.Equal(ALGORITHM))
    mem = fields.Integer(required=True, strict=True, validate=validate.Range(MEMORY_FLOOR, MEMORY_CEILING))
    ops = fields.Integer(required=True, strict=True, validate=validate.Range(OPS_FLOOR, OPS_CEILING))
    salt = fields.String(required=True, validate=validate.Regexp(r"[A-Za-z0-9_-]{21}[AQgw]\Z"))


class SignIn(Schema):
    """A login and the secret derived from passphrase and device secret."""

    login = fields.String(required=True, validate=_LOGIN)
    auth = Bytes(size=32, required=True)
    code = fields.String(validate=_CODE)
    known = fields.String(validate=validate.Regexp(r"[A-Za-z0-9_-]{65}\Z"))


class Token(Schema):
    """A session's token, shown once, and what shows next time that this client has signed in before."""

    token = fields.String(required=True)
    known = fields.String(required=True)
    expires = fields.Integer(required=True)


class OwnSession(Schema):
    """One of a member's sessions; `current` is the one that asks."""

    id = fields.String(required=True)
    created = fields.Integer(required=True)
    seen = fields.Integer(required=True)
    expires = fields.Integer(required=True)
    current = fields.Boolean(required=True)


class Totp(Schema):
    """Whether this login takes codes of an authenticator app, and whether this hub asks everybody for them."""

    active = fields.Boolean(required=True)
    required = fields.Boolean(required=True)


class TotpSecret(Schema):
    """A new secret; shown once."""

    secret = fields.String(required=True)
    uri = fields.String(required=True)


class TotpSwitch(Schema):
    """A code that fits, to turn them on or off, and the `current` login secret."""

    active = fields.Boolean(required=True)
    code = fields.String(required=True, validate=_CODE)
    current = Bytes(required=True, size=32)


class AccountEvent(Schema):
    """What happened to an account, and which member did it."""

    member = fields.String(required=True)
    what = fields.String(required=True)
    by = fields.String(required=True)
    at = fields.Integer(required=True)


class Vault(Schema):
    """A sealed vault with its version, and the copy that the recovery code opens."""

    version = fields.Integer(required=True, strict=True, validate=validate.Range(1, 2**31 - 1))
    vault = Bytes(required=True)
    recovery = Bytes()


class VaultChange(Vault):
    """The next vault and the `current` login secret; a new passphrase brings a new one with its parameters."""

    auth = Bytes(size=32)
    kdf = fields.Nested(Kdf)
    current = Bytes(size=32, required=True)


class StoredVault(Vault):
    """The vault as it is kept, with the parameters that open it."""

    recovery = Bytes(required=True, allow_none=True)
    kdf = fields.Nested(Kdf, required=True)


def _role(value: str) -> None:
    if value not in ROLES:
        raise ValidationError("Not a role.")


class Invite(Schema):
    """Whom an agency admin invites: roles, an address for notices, and who it is if they lost their device."""

    roles = fields.List(fields.String(validate=_role), required=True, validate=validate.Length(1, len(ROLES)))
    mail = fields.Email(validate=validate.Length(max=254))
    member = fields.String(validate=validate.Regexp(RANDOM_PATTERN))


class Invited(Schema):
    """An invitation's code; shown once."""

    code = fields.String(required=True)


class Enrol(Schema):
    """A new member: login, vault at version 1, and the public keys that its agency is to certify."""

    login = fields.String(required=True, validate=_LOGIN)
    member = fields.String(required=True, validate=validate.Regexp(r"[A-Za-z0-9_-]{21}[AQgw]\Z"))
    auth = Bytes(size=32, required=True)
    kdf = fields.Nested(Kdf, required=True)
    vault = Bytes(required=True)
    recovery = Bytes(load_default=None)
    sign = Bytes(size=32, required=True)
    recipient = fields.String(required=True, validate=validate.Regexp(r"age1[02-9ac-hj-np-z]{58}\Z"))


class Member(Schema):
    """A member as its own agency's admin sees it before certifying it."""

    agency = fields.String(required=True)
    member = fields.String(required=True)
    login = fields.String(required=True)
    roles = fields.List(fields.String(), required=True)
    sign = fields.String(required=True)
    recipient = fields.String(required=True)
    created = fields.Integer(required=True)


class Me(Schema):
    """Who is signed in, and as what."""

    agency = fields.String(required=True)
    member = fields.String(required=True)
    login = fields.String(required=True)
    roles = fields.List(fields.String(), required=True)
    pending = fields.Boolean(required=True)
    expires = fields.Integer(required=True)
