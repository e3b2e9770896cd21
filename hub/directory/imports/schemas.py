"""The only parser of what import and export routes are sent; unknown members are refused."""

from __future__ import annotations

from zoneinfo import available_timezones

from marshmallow import Schema, ValidationError, fields, validate

from hub.directory.formats.registry import READABLE, WRITABLE

MOST_LINES = 1000
_SHORT = validate.And(validate.Length(1, 200), validate.Predicate("isprintable"))


def _a_zone(value: str) -> None:
    if value and value not in available_timezones():
        raise ValidationError("Not a time zone of the IANA database.")


class Source(Schema):
    """Where a file is from. `day` is the day that it describes, today where nothing is said."""

    name = fields.String(required=True, validate=_SHORT)
    licence = fields.String(load_default="", validate=validate.Length(max=200))
    country = fields.String(load_default="", validate=validate.Regexp(r"([A-Z]{2})?\Z"))
    zone = fields.String(load_default="", validate=_a_zone)
    day = fields.Date(load_default=None, format="iso", allow_none=True)
    language = fields.String(load_default="en", validate=validate.Regexp(r"[a-z]{2,3}\Z"))


class About(Schema):
    """What is sent with a file. `whole`: the file says all that its source has; null leaves that to the format."""

    format = fields.String(required=True, validate=validate.OneOf(READABLE))
    source = fields.Nested(Source, required=True)
    dry_run = fields.Boolean(load_default=True, truthy={True}, falsy={False})
    whole = fields.Boolean(load_default=None, allow_none=True, truthy={True}, falsy={False})


class Import(Schema):
    """An import: where it stands, how many rows it has and how many are done, counts by kind and result."""

    id = fields.String(required=True)
    format = fields.String(required=True)
    source = fields.Dict(required=True)
    at = fields.Integer(required=True)
    state = fields.String(required=True)
    whole = fields.Boolean(required=True)
    total = fields.Integer(required=True)
    done = fields.Integer(required=True)
    counts = fields.Dict(required=True)
    error = fields.String(required=True, allow_none=True)


class ImportPage(Schema):
    """The imports of an agency, the newest first."""

    items = fields.List(fields.Nested(Import), required=True)


class LineQuery(Schema):
    """Which lines of a report: those after a number; all, or those that say something."""

    after = fields.Integer(load_default=0, validate=validate.Range(0))
    limit = fields.Integer(load_default=200, validate=validate.Range(1, MOST_LINES))
    all = fields.Boolean(load_default=False)


class RowProblem(Schema):
    """What is wrong with a row: where, as a code, in a sentence."""

    field = fields.String(required=True)
    code = fields.String(required=True)
    message = fields.String(required=True)


class Line(Schema):
    """What became of one row."""

    n = fields.Integer(required=True)
    kind = fields.String(required=True)
    row = fields.String(required=True)
    record = fields.String(required=True, allow_none=True)
    what = fields.String(required=True)
    fields_ = fields.List(fields.String(), required=True, data_key="fields", attribute="fields")
    kept = fields.List(fields.String(), required=True)
    held = fields.List(fields.String(), required=True)
    problems = fields.List(fields.Nested(RowProblem), required=True)


class LinePage(Schema):
    """Lines of a report; `after` names the last one where there may be more."""

    items = fields.List(fields.Nested(Line), required=True)
    after = fields.Integer(required=True, allow_none=True)


class Export(Schema):
    """Which file is asked for; `mine`: only what the own agency keeps or offers."""

    format = fields.String(required=True, validate=validate.OneOf(WRITABLE))
    mine = fields.Boolean(load_default=False, truthy={True}, falsy={False})
