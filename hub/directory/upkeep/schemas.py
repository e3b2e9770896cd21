"""The only parser of what routes of upkeep are sent; unknown members are refused."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from hub.directory.records.freshness import WORDS
from hub.directory.records.record import KINDS
from hub.directory.records.vocabulary import GROUPS
from hub.directory.servicemap.rights import BY_KEEPER, BY_PROVIDER
from hub.directory.servicemap.schemas import RecordOutcome, Strict
from hub.directory.upkeep.checks import MOST
from hub.directory.upkeep.links import LANGUAGES
from hub.directory.upkeep.store import State
from hub.ids import RANDOM_PATTERN

_RECORD = validate.Regexp(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_REQUEST = validate.Regexp(RANDOM_PATTERN.pattern + r"\Z")
_DAY = validate.Regexp(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_NOTE = validate.Length(0, 2000)
_AREA = validate.Regexp(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,63}\Z")


_GROUP = fields.String(validate=validate.OneOf(list(GROUPS)))
_GROUPS = validate.Length(max=len(GROUPS))


class DueChoice(Strict):
    """Which records: in an area, of a provider, of a kind, with something due in a group."""

    area = fields.String(validate=_AREA)
    provider = fields.String(validate=_RECORD)
    kinds = fields.List(fields.String(validate=validate.OneOf(KINDS)), validate=validate.Length(max=3))
    groups = fields.List(fields.String(validate=validate.OneOf(WORDS)), validate=validate.Length(max=len(WORDS)))


class DueQuery(DueChoice):
    """A page of the due list."""

    after = fields.String(load_default="", validate=validate.Length(0, 80))
    limit = fields.Integer(load_default=100, strict=True, validate=validate.Range(1, 500))


class DueItem(Schema):
    """One group of one record that is due: since when, when it is past, who was told; how the caller may know."""

    record = fields.String(required=True)
    kind = fields.String(required=True)
    name = fields.String(required=True)
    home = fields.String(required=True)
    version = fields.Integer(required=True)
    group = fields.String(required=True)
    due = fields.String(required=True)
    limit = fields.String(required=True)
    state = fields.String(required=True)
    rung = fields.Integer(required=True)
    told_at = fields.Integer(required=True, allow_none=True)
    still_right = fields.List(fields.String(), required=True)


class DuePage(Schema):
    """What is due, the longest first; `records`: of how many records in all; `after`: where the next page begins."""

    items = fields.List(fields.Nested(DueItem), required=True)
    records = fields.Integer(required=True)
    after = fields.String(required=True, allow_none=True)


class StillRight(Strict):
    """That groups are still right (none named: all), and how that is known."""

    groups = fields.List(_GROUP, validate=_GROUPS, load_default=list)
    how = fields.String(required=True, validate=validate.OneOf(sorted((*BY_KEEPER, *BY_PROVIDER))))
    note = fields.String(load_default="", validate=_NOTE)


class Renewal(Strict):
    """Many records that are still right: those of `records` with the versions looked at, or all due ones.

    `groups`: what is right of each; null: all of it; empty: nothing is said but the new last day, `ends`.
    """

    records = fields.Dict(
        keys=fields.String(validate=_RECORD),
        values=fields.Integer(strict=True),
        load_default=dict,
        validate=validate.Length(max=MOST),
    )
    choice = fields.Nested(DueChoice, load_default=dict)
    groups = fields.List(_GROUP, validate=_GROUPS, required=True, allow_none=True)
    ends = fields.String(validate=_DAY)
    how = fields.String(required=True, validate=validate.OneOf(sorted(BY_KEEPER)))
    note = fields.String(load_default="", validate=_NOTE)
    dry_run = fields.Boolean(required=True, truthy={True}, falsy={False})


class RenewedRecord(RecordOutcome):
    """What became of a record, and how it is called."""

    name = fields.String(required=True)


class Renewed(Schema):
    """What became of each record, or would."""

    items = fields.List(fields.Nested(RenewedRecord), required=True)


class ChangeRequest(Strict):
    """A change that somebody would like: of a record, or a new one of a kind. `base_version`: the version they saw."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    record = fields.String(validate=_RECORD)
    base_version = fields.Integer(strict=True, validate=validate.Range(1, 2**31))
    changes = fields.Dict(keys=fields.String(validate=validate.Length(1, 100)), load_default=dict)
    groups = fields.List(_GROUP, validate=_GROUPS, load_default=list)
    note = fields.String(load_default="", validate=_NOTE)


class ChangeRequestsQuery(Strict):
    """Which change requests: by state, of one record; those of the own agency's records, and its own."""

    states = fields.List(
        fields.String(validate=validate.OneOf([one.value for one in State])),
        load_default=lambda: ["proposed", "held"],
        validate=validate.Length(1, len(State)),
    )
    record = fields.String(validate=_RECORD)
    after = fields.String(load_default="", validate=validate.Length(0, 22))
    limit = fields.Integer(load_default=50, strict=True, validate=validate.Range(1, 200))


class ChangeRequestView(Schema):
    """A change request. `differences`: what a member was, is now and shall be; `version`: of the record now."""

    id = fields.String(required=True)
    record = fields.String(required=True)
    kind = fields.String(required=True)
    name = fields.String(required=True)
    state = fields.String(required=True)
    steward = fields.String(required=True)
    agency = fields.String(required=True)
    member = fields.String(required=True)
    how = fields.String(required=True)
    note = fields.String(required=True)
    at = fields.Integer(required=True)
    until = fields.Integer(required=True, allow_none=True)
    base = fields.Integer(required=True)
    version = fields.Integer(required=True)
    groups = fields.List(fields.String(), required=True)
    differences = fields.Dict(required=True)
    taken = fields.List(fields.String(), required=True)
    reason = fields.String(required=True)


class ChangeRequestPage(Schema):
    """Change requests in the order of their ids, and the id after which the next page begins."""

    items = fields.List(fields.Nested(ChangeRequestView), required=True)
    after = fields.String(required=True, allow_none=True)


class Approval(Strict):
    """What of a request is taken (nothing named: all); `version`: that of the record it was compared with."""

    version = fields.Integer(required=True, strict=True, validate=validate.Range(0, 2**31))
    members = fields.List(fields.String(validate=validate.Length(1, 100)), validate=validate.Length(1, 100))


class Refusal(Strict):
    """Why not."""

    reason = fields.String(required=True, validate=validate.Length(1, 2000))


class OldNumberCalled(Strict):
    """That the old number was called, and what was said."""

    note = fields.String(required=True, validate=validate.Length(1, 2000))


class NewUpdateLink(Strict):
    """A link about a record: by mail to where the record is reached now, or printed, or read out."""

    record = fields.String(required=True, validate=_RECORD)
    language = fields.String(load_default="en", validate=validate.OneOf(LANGUAGES))
    by = fields.String(required=True, validate=validate.OneOf(["mail", "hand"]))


class UpdateLink(Schema):
    """A link. `url` only where a coordinator hands it over; it is shown once."""

    id = fields.String(required=True)
    expires = fields.Integer(required=True)
    url = fields.String(required=True, allow_none=True)
