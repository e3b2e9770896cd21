"""The only parser of what the routes of the gap table are sent; unknown members, such as a person's, are refused."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from hub.directory.areas.domain import CODE
from hub.directory.gaps.counting import GROUPS
from hub.directory.gaps.unmet import MONTH
from hub.directory.records.vocabulary import NEEDS

_COUNTRY = validate.Regexp(r"[A-Z]{2}\Z")
_NEED = validate.OneOf(NEEDS)
_MONTH = validate.Regexp(MONTH.pattern + r"\Z")
_MOST = 1_000_000
_ROWS = 50_000


class GapQuestion(Schema):
    """Of which country, and of which needs, group of persons, level of areas and month of unmet need."""

    country = fields.String(required=True, validate=_COUNTRY)
    needs = fields.List(fields.String(validate=_NEED), load_default=list, validate=validate.Length(max=len(NEEDS)))
    group = fields.String(load_default="all", validate=validate.OneOf(GROUPS))
    level = fields.Integer(strict=True, load_default=1, validate=validate.Range(0, 4))
    month = fields.String(validate=_MONTH)


class GapQuestionInWords(GapQuestion):
    """The same, with the language of areas' names."""

    language = fields.String(load_default="en", validate=validate.Regexp(r"[a-z]{2,3}\Z"))


class GapMapQuestion(GapQuestionInWords):
    """The same for a map, which shows one need."""

    needs = fields.List(fields.String(validate=_NEED), required=True, validate=validate.Length(equal=1))


class GapCell(Schema):
    """The layers of one need in one area."""

    here = fields.Integer(required=True)
    covers = fields.Integer(required=True)
    open = fields.Integer(required=True)
    usable = fields.Integer(required=True)
    claimed = fields.Integer(required=True)
    returnees_only = fields.Integer(required=True)
    unmet = fields.Integer(required=True, allow_none=True)
    hidden = fields.Integer(required=True)


_GRID = fields.Dict(fields.String(), fields.Dict(fields.String(), fields.Integer()), required=True)


class AreaGaps(Schema):
    """One area: its needs, and its offers by dimension and level."""

    code = fields.String(required=True)
    path = fields.List(fields.String(), required=True)
    names = fields.Dict(fields.String(), fields.String(), required=True)
    cells = fields.Dict(fields.String(), fields.Nested(GapCell), required=True)
    grid = _GRID


class GapFirst(Schema):
    """Where nothing is usable and many asked."""

    area = fields.String(required=True)
    need = fields.String(required=True)
    unmet = fields.Integer(required=True, allow_none=True)
    hidden = fields.Integer(required=True)


class GapTable(Schema):
    """The gap table of a country."""

    country = fields.String(required=True)
    level = fields.Integer(required=True)
    group = fields.String(required=True)
    month = fields.String(required=True, allow_none=True)
    needs = fields.List(fields.String(), required=True)
    areas = fields.List(fields.Nested(AreaGaps), required=True)
    first = fields.List(fields.Nested(GapFirst), required=True)
    grid = _GRID


class GapFile(Schema):
    """A file, as text."""

    text = fields.String(required=True)


class UnmetRow(Schema):
    """How many of a group had a need in an area and found nobody; null: some, but fewer than ten."""

    area = fields.String(required=True, validate=validate.Regexp(CODE.pattern + r"\Z"))
    need = fields.String(required=True, validate=_NEED)
    group = fields.String(required=True, validate=validate.OneOf(GROUPS))
    count = fields.Integer(required=True, strict=True, allow_none=True, validate=validate.Range(0, _MOST))


class UnmetMonth(Schema):
    """All of an agency's unmet need of a month, in place of what it said before."""

    month = fields.String(required=True, validate=_MONTH)
    rows = fields.List(fields.Nested(UnmetRow), required=True, validate=validate.Length(max=_ROWS))


class UnmetKept(Schema):
    """What was kept."""

    month = fields.String(required=True)
    rows = fields.Integer(required=True)
