"""The only parser of what the search is sent; unknown members, a person's facts too, are refused."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from hub.directory.records import vocabulary as v
from hub.directory.servicemap.schemas import Strict

_MOST = 50
_FARTHEST = 10_000
_LANGUAGE = validate.Regexp(r"[a-z]{2,3}\Z")
_AREA = validate.Regexp(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,31}\Z")


def _some(*checks: validate.Validator) -> fields.List[str]:
    return fields.List(fields.String(validate=checks), load_default=list, validate=validate.Length(max=_MOST))


def _flag() -> fields.Boolean:
    return fields.Boolean(load_default=False, truthy={True}, falsy={False})


class Search(Strict):
    """Words, and what must be so. Age bands are the nearest that a search comes to a person."""

    text = fields.String(load_default="", validate=validate.Length(max=200))
    needs = _some(validate.OneOf(list(v.NEEDS)))
    areas = _some(_AREA)
    languages = _some(_LANGUAGE)
    kinds = _some(validate.OneOf(v.PROVIDER_KINDS))
    access = _some(validate.OneOf(v.codes("access")))
    capacity = _some(validate.OneOf([*v.codes("capacity_states"), "unknown"]))
    age_bands = _some(validate.OneOf(v.AGE_GROUPS))
    free = _flag()
    open_now = _flag()
    include_stale = _flag()
    limit = fields.Integer(load_default=20, strict=True, validate=validate.Range(1, 100))
    after = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, _FARTHEST))


class Why(Schema):
    """By what a typed word is met: how (`word`, `start`, `typo`, `need`, `area`), in which field, by what."""

    typed = fields.String(required=True)
    how = fields.String(required=True)
    field = fields.String(required=True)
    met = fields.String(required=True)
    phrase = fields.String()


class Result(Schema):
    """A service as the caller may see it; `open` is null where nobody said when; `stale` where it is past its limit."""

    listing = fields.Dict(required=True)
    why = fields.List(fields.Nested(Why), required=True)
    open = fields.Boolean(required=True, allow_none=True)
    stale = fields.Boolean(required=True)


class Results(Schema):
    """A page of services, the counts beside them, and how the text was read."""

    found = fields.List(fields.Nested(Result), required=True)
    total = fields.Integer(required=True)
    facets = fields.Dict(keys=fields.String(), values=fields.Dict(), required=True)
    needs = fields.Dict(required=True)
    every_word = fields.Boolean(required=True)
    after = fields.Integer(required=True, allow_none=True)
