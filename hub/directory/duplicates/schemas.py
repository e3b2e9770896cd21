"""The only parser of what routes about duplicates are sent; unknown members are refused."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from hub.directory.duplicates.store import UNDECIDED, State
from hub.directory.records.record import KINDS, PROVIDER
from hub.directory.servicemap.schemas import Strict

_ID = validate.Regexp(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_TEXT = validate.Length(max=400)
_MOST_NAMES = 20_000
_STATES = [state.value for state in State]
MERGE, NOT_SAME, LATER, UNDO = "merge", "not_same", "later", "undo"


class MeantName(Strict):
    """What is written, the name that is meant, its acronym."""

    written = fields.String(required=True, validate=_TEXT)
    meant = fields.String(required=True, validate=_TEXT)
    acronym = fields.String(load_default="", validate=_TEXT)


class ProposePairs(Strict):
    """Which kind of records to compare, and what names mean."""

    kind = fields.String(load_default=PROVIDER, validate=validate.OneOf(KINDS))
    names = fields.List(fields.Nested(MeantName), load_default=list, validate=validate.Length(max=_MOST_NAMES))


class Proposed(Schema):
    """How many pairs are new."""

    new = fields.Integer(required=True)


class PairQuery(Strict):
    """Pairs in some states; those that wait for a decision if none is named."""

    states = fields.List(
        fields.String(validate=validate.OneOf(_STATES)),
        load_default=lambda: sorted(UNDECIDED),
        validate=validate.Length(1),
    )
    kind = fields.String(validate=validate.OneOf(KINDS))
    after = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, 100_000))
    limit = fields.Integer(load_default=50, strict=True, validate=validate.Range(1, 200))


class Two(Strict):
    """Two records that somebody thinks are one."""

    first = fields.String(required=True, validate=_ID)
    second = fields.String(required=True, validate=_ID)


class Decision(Strict):
    """What is decided about a pair; `keep` is the record that stays, where they are merged."""

    decision = fields.String(required=True, validate=validate.OneOf([MERGE, NOT_SAME, LATER, UNDO]))
    keep = fields.String(validate=_ID)


class Half(Schema):
    """One of the two records, as the caller may see it."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    steward = fields.String(required=True)
    host = fields.String(required=True)


class Reason(Schema):
    """Why two records may, or may not, be one, and what that is worth."""

    code = fields.String(required=True)
    points = fields.Integer(required=True)


class PairView(Schema):
    """A pair as it stands; `said` are the agencies that agreed, `agency` and `member` decided last."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    score = fields.Integer(required=True)
    strength = fields.String(required=True)
    reasons = fields.List(fields.Nested(Reason), required=True)
    records = fields.List(fields.Nested(Half), required=True)
    state = fields.String(required=True)
    kept = fields.String(required=True, allow_none=True)
    said = fields.List(fields.String(), required=True)
    agency = fields.String(required=True, allow_none=True)
    member = fields.String(required=True, allow_none=True)
    decided_at = fields.Integer(required=True, allow_none=True)


class PairPage(Schema):
    """Some pairs, and where the next page begins."""

    items = fields.List(fields.Nested(PairView), required=True)
    after = fields.Integer(required=True, allow_none=True)


class Decided(Schema):
    """Where the pair stands now."""

    state = fields.String(required=True)
