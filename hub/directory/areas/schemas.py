"""The only parser of what the routes of areas are sent; unknown members are refused."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from hub.directory.areas.domain import CODE, DEEPEST
from hub.directory.areas.problems import SENTENCES
from hub.ids import AGENCY_PATTERN

_CODE = validate.Regexp(CODE.pattern + r"\Z")
_COUNTRY = validate.Regexp(r"[A-Z]{2}\Z")
_COLUMNS = ("code", "parent", "name", "level", "country", "from", "to", "iso")
_TEXT = validate.And(validate.Length(1, 100), validate.Predicate("isprintable"))


class AreaListing(Schema):
    """Of which country, and which level."""

    country = fields.String(required=True, validate=_COUNTRY)
    level = fields.Integer(strict=True, validate=validate.Range(0, DEEPEST))


class AreaSearch(Schema):
    """A code of any scheme or a name in any language."""

    text = fields.String(required=True, validate=_TEXT)
    country = fields.String(validate=_COUNTRY)


class AreaView(Schema):
    """One area; `path` is the codes from the country down."""

    code = fields.String(required=True)
    scheme = fields.String(required=True)
    level = fields.Integer(required=True)
    parent = fields.String(required=True, allow_none=True)
    path = fields.List(fields.String(), required=True)
    country = fields.String(required=True)
    names = fields.Dict(fields.String(), fields.String(), required=True)
    valid_from = fields.String(required=True)
    valid_to = fields.String(required=True)


class AreaList(Schema):
    """Some areas."""

    areas = fields.List(fields.Nested(AreaView), required=True)


class AreaAgency(Schema):
    """An agency whose case workers belong to an area; who says so, and since when."""

    area = fields.String(required=True)
    agency = fields.String(required=True)
    lead = fields.Boolean(required=True)
    by_agency = fields.String(required=True)
    by_member = fields.String(required=True)
    at = fields.Integer(required=True)


class AreaDetail(AreaView):
    """An area with its other codes, the agencies there and above, and what its code has meant."""

    aliases = fields.List(fields.String(), required=True)
    agencies = fields.List(fields.Nested(AreaAgency), required=True)
    history = fields.List(fields.Nested(AreaView), required=True)
    children = fields.List(fields.Nested(AreaView), required=True)


class AreaAssignment(Schema):
    """Which agency's case workers belong to an area from now on, or with `remove` no longer."""

    agency = fields.String(required=True, validate=validate.Regexp(AGENCY_PATTERN.pattern + r"\Z"))
    lead = fields.Boolean(load_default=False)
    remove = fields.Boolean(load_default=False)


class AreaImport(Schema):
    """What a file does not say of itself; without `apply` nothing is changed."""

    country = fields.String(required=True, validate=_COUNTRY)
    scheme = fields.String(load_default="cod", validate=validate.Regexp(r"[a-z][a-z0-9_]{1,15}\Z"))
    level = fields.Integer(strict=True, validate=validate.Range(0, DEEPEST))
    language = fields.String(load_default="en", validate=validate.Regexp(r"[a-z]{2,3}\Z"))
    location = fields.String(load_default="", validate=validate.Length(max=100))
    columns = fields.Dict(fields.String(validate=validate.OneOf(_COLUMNS)), fields.String(), load_default=dict)
    same = fields.Dict(fields.String(validate=_CODE), fields.String(validate=_CODE), load_default=dict)
    apply = fields.Boolean(load_default=False)


class AreaImportRow(Schema):
    """What became of a row of a file that is not the same as before."""

    row = fields.Integer(required=True)
    result = fields.String(required=True)
    code = fields.String()
    name = fields.String()
    area = fields.String()
    problem = fields.String()
    because = fields.String(validate=validate.OneOf(SENTENCES))


class AreaImportReport(Schema):
    """What an import did, or would do."""

    applied = fields.Boolean(required=True)
    counts = fields.Dict(fields.String(), fields.Integer(), required=True)
    rows = fields.List(fields.Nested(AreaImportRow), required=True)
    unseen = fields.List(fields.String(), required=True)
    elsewhere = fields.Integer(required=True)
