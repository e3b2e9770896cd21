"""The only parser of what routes of the service map are sent; unknown members, a person's facts too, are refused."""

from __future__ import annotations

import re

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from hub.directory.records.record import KINDS
from hub.directory.records.vocabulary import NEEDS

_AREA = validate.Regexp(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,31}\Z")
_ID = validate.Regexp(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_DAY = validate.Regexp(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_HOW = validate.OneOf(["call", "visit", "coordinator", "provider"])
_FARTHEST_KM = 2000


class Strict(Schema):
    """What routes take: unknown members are an error."""

    class Meta:
        """Unknown members are refused."""

        unknown = RAISE


class PointQuery(Strict):
    """A place, in degrees, and how far around it, in kilometres."""

    lat = fields.Float(required=True, validate=validate.Range(-90, 90))
    lon = fields.Float(required=True, validate=validate.Range(-180, 180))
    km = fields.Float(load_default=25.0, validate=validate.Range(0, _FARTHEST_KM))


class SliceQuery(Strict):
    """A need at a place: nothing about any person has a field here."""

    need = fields.String(required=True, validate=validate.OneOf(list(NEEDS)))
    area = fields.String(validate=_AREA)
    point = fields.Nested(PointQuery)
    language = fields.String(validate=validate.Regexp(_LANGUAGE.pattern + r"\Z"))
    date = fields.String(validate=_DAY)
    stale = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    after = fields.String(validate=validate.Length(1, 600))

    @validates_schema
    def _somewhere(self, given: dict[str, object], **_: object) -> None:
        if not {"area", "point"} & given.keys():
            raise ValidationError("Name an area or a point.", "area")


class Slice(Schema):
    """A signed slice (DSSE)."""

    slice = fields.Dict(required=True)


class RecordView(Schema):
    """A record as the caller may see it; `level` says as whom, `may` what they may do with it.

    `still_right`: how they may know that it still is, where they may say so.
    """

    id = fields.String(required=True)
    kind = fields.String(required=True)
    host = fields.String(required=True)
    steward = fields.String(required=True)
    version = fields.Integer(required=True)
    changed_at = fields.Integer(required=True)
    level = fields.String(required=True)
    may = fields.List(fields.String(), required=True)
    still_right = fields.List(fields.String(), required=True)
    document = fields.Dict(required=True)


class NewRecord(Strict):
    """A record that the caller's agency shall keep. `how` they know: what is said then counts as checked today."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    document = fields.Dict(required=True)
    how = fields.String(validate=_HOW)


class RecordEdit(Strict):
    """Members to change; null takes one away. `base_version` is the version that was read; `how`: as for a new one."""

    base_version = fields.Integer(required=True, strict=True)
    changes = fields.Dict(keys=fields.String(validate=validate.Length(1, 100)), required=True)
    how = fields.String(validate=_HOW)


class RecordOutcome(Schema):
    """What became of a record: `new`, `changed` (and which members) or `unchanged`; `held`: members that wait."""

    id = fields.String(required=True)
    what = fields.String(required=True)
    version = fields.Integer(required=True)
    fields_ = fields.List(fields.String(), required=True, data_key="fields", attribute="fields")
    held = fields.List(fields.String(), required=True)


class ListQuery(Strict):
    """Which records: of a kind, kept by the own agency or by all; in the order of their ids."""

    kind = fields.String(validate=validate.OneOf(KINDS))
    mine = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    after = fields.String(load_default="", validate=validate.Length(0, 36))
    limit = fields.Integer(load_default=100, strict=True, validate=validate.Range(1, 500))


class RecordPage(Schema):
    """Records, and the id after which the next page begins."""

    items = fields.List(fields.Nested(RecordView), required=True)
    after = fields.String(required=True, allow_none=True)


class ChangeView(Schema):
    """One version of a record: who made it, how it is known, and of each member the old and the new value."""

    version = fields.Integer(required=True)
    at = fields.Integer(required=True)
    agency = fields.String(required=True)
    member = fields.String(required=True)
    how = fields.String(required=True)
    note = fields.String(required=True)
    fields_ = fields.Dict(required=True, data_key="fields", attribute="fields")


class History(Schema):
    """All versions of a record, the newest first."""

    items = fields.List(fields.Nested(ChangeView), required=True)
