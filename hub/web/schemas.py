"""Shapes of what the hub says about its log and itself."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

MOST_LEAVES = 1000
_PLACE = validate.Range(0, 2**53 - 1)


class Page(Schema):
    """Which leaves."""

    start = fields.Integer(load_default=0, validate=_PLACE)
    count = fields.Integer(load_default=MOST_LEAVES, validate=validate.Range(1, MOST_LEAVES))


class Leaves(Schema):
    """Leaf hashes, from which anybody can compute every root."""

    start = fields.Integer(required=True)
    leaves = fields.List(fields.String(), required=True)


class ProofQuery(Schema):
    """Which entry is to be proven."""

    index = fields.Integer(required=True, validate=_PLACE)


class ConsistencyQuery(Schema):
    """Two sizes of the log; without `new`, the newest."""

    old = fields.Integer(required=True, validate=_PLACE)
    new = fields.Integer(load_default=None, validate=_PLACE)


class Consistency(Schema):
    """The proof that the log of `old` entries is the beginning of that of `new`."""

    old = fields.Integer(required=True)
    new = fields.Integer(required=True)
    proof = fields.List(fields.String(), required=True)


class ReleaseQuery(Schema):
    """Which release; without one, the newest. `seen`: the size of the log that the asker has seen."""

    release = fields.String(load_default=None, validate=validate.Length(max=43))
    seen = fields.Integer(load_default=0, validate=_PLACE)


class ReleaseProof(Schema):
    """The hub's entry, its newest checkpoint, its word on a release with the proof, and how the log grew."""

    hub = fields.Dict(required=True)
    checkpoint = fields.String(required=True)
    release = fields.Dict(required=True)
    grown = fields.List(fields.String(), required=True)


class JobRun(Schema):
    """The last run of a job."""

    name = fields.String(required=True)
    at = fields.Integer(required=True)
    error = fields.String(required=True, allow_none=True)


class Health(Schema):
    """What a monitor asks for."""

    now = fields.Integer(required=True)
    log_size = fields.Integer(required=True)
    expiry_suspended_since = fields.Integer(required=True, allow_none=True)
    last_sweep = fields.Integer(required=True, allow_none=True)
    notices_waiting = fields.Integer(required=True)
    notices_failed = fields.Integer(required=True)
    jobs = fields.List(fields.Nested(JobRun), required=True)
