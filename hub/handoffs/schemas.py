"""What the handoff routes take and give: the only parser of outside data here beside the signed formats themselves."""

from __future__ import annotations

from marshmallow import RAISE, Schema, fields, validate

from hub.ids import RANDOM_PATTERN

_ID = validate.Regexp(RANDOM_PATTERN)


class _Strict(Schema):
    class Meta:
        """Unknown members are refused."""

        unknown = RAISE


_OF_TRANSFERS = ("transfer_leg", "case", "notice", "succession")


class Piece(_Strict):
    """Where a piece begins, and how large the payload is."""

    at = fields.Integer(required=True, validate=validate.Range(0, 2**40))
    size = fields.Integer(required=True, validate=validate.Range(1, 2**40))


class From(_Strict):
    """Where a piece of a file begins; the whole file where it is left out."""

    at = fields.Integer(load_default=None, validate=validate.Range(0, 2**40))


class Uploaded(Schema):
    """How many bytes of a payload are here from its start."""

    have = fields.Integer(required=True)


class ListQuery(_Strict):
    """Which handoffs of the own agency, and from where on."""

    box = fields.String(load_default="in", validate=validate.OneOf(["in", "out"]))
    kind = fields.String(
        load_default="referral",
        validate=validate.OneOf(["referral", "own_record", "freeze", "inquiry", "timer", *_OF_TRANSFERS]),
    )
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))
    before = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=64))


class FileView(Schema):
    """One age file of a packet; `size` counts the bytes after its header."""

    n = fields.String(required=True)
    size = fields.Integer(required=True)


class PacketView(Schema):
    """A packet as its recipient finds it: fetch the files, then verify."""

    manifest = fields.String(required=True)
    from_agency = fields.String(required=True)
    to_agency = fields.String(required=True)
    envelope = fields.Dict(required=True)
    files = fields.List(fields.Nested(FileView), required=True)
    destroyed = fields.Boolean(required=True)


class WordView(Schema):
    """Another hub's signed receipt or refusal."""

    host = fields.String(required=True)
    envelope = fields.Dict(required=True)


class StatementView(Schema):
    """A statement with where it stands: effective, repeated, waiting for the ordering hub, or refused."""

    hash = fields.String(required=True)
    type = fields.String(required=True)
    at = fields.Integer(required=True)
    grade = fields.String(required=True)
    standing = fields.String(required=True)
    position = fields.Integer(allow_none=True)
    state = fields.String(allow_none=True)
    log_index = fields.Integer(required=True)
    envelope = fields.Dict(required=True)
    answer = fields.Dict(required=True)
    words = fields.List(fields.Nested(WordView), required=True)


class CopyView(Schema):
    """One hub's copy of a withdrawn packet; `served` null: that hub has not said yet."""

    host = fields.String(required=True)
    since = fields.Integer(required=True)
    destroyed = fields.Integer(required=True, allow_none=True)
    served = fields.Boolean(required=True, allow_none=True)


class HolderView(Schema):
    """What the recipient did with its copy: erased, locked, or cannot."""

    answer = fields.String(required=True)
    at = fields.Integer(required=True)


class CustodyView(Schema):
    """What became of the packets of a handoff that was withdrawn or is frozen; `recall` certain, request or pending."""

    withdrawn = fields.Integer(required=True, allow_none=True)
    frozen = fields.Integer(required=True, allow_none=True)
    hubs = fields.List(fields.Nested(CopyView), required=True)
    recall = fields.String(required=True, allow_none=True)
    holder = fields.Nested(HolderView, required=True, allow_none=True)
    due = fields.Integer(required=True, allow_none=True)


class ClaimView(Schema):
    """A step that one side has claimed and the other has to co-sign before it takes effect."""

    type = fields.String(required=True)
    statement = fields.String(required=True)


class LegView(Schema):
    """What stands on a leg of a transfer besides its state."""

    plan = fields.Dict(
        allow_none=True, metadata={"description": "depart, from and until: when the child leaves and may arrive"}
    )
    frozen_from = fields.String(allow_none=True)
    claim = fields.Nested(ClaimView, allow_none=True)
    change = fields.String(allow_none=True)
    change_due = fields.Integer(allow_none=True)
    release = fields.String(allow_none=True)
    searchable = fields.Boolean()
    duty = fields.List(fields.String())
    next = fields.String(allow_none=True)
    succeeded_by = fields.String(allow_none=True)


class CaseView(Schema):
    """Where the register of a case stands at this hub, and where it went on."""

    standing = fields.String(required=True)
    holder = fields.String(required=True)
    came_by = fields.String(allow_none=True)
    legs = fields.List(fields.String())
    release = fields.String(allow_none=True)
    moved_by = fields.String(allow_none=True)
    moved_to = fields.String(allow_none=True)


class ResponsibleView(Schema):
    """Who holds a case by the register, as far as this hub knows, and who acts as responsible meanwhile."""

    holder = fields.String(required=True)
    acting = fields.List(fields.String(), required=True)
    release_open = fields.Boolean(required=True)
    unilateral = fields.Boolean(required=True)


class HandoffView(Schema):
    """A handoff: who, what state, who has the ball and by when, what the caller's agency can do now."""

    id = fields.String(required=True, validate=_ID)
    kind = fields.String(required=True)
    from_agency = fields.String(required=True)
    to_agency = fields.String(required=True)
    created = fields.Integer(required=True)
    touched = fields.Integer(required=True)
    latest = fields.String(allow_none=True)
    state = fields.String(allow_none=True)
    grade = fields.String(allow_none=True)
    urgency = fields.String(allow_none=True)
    position = fields.Integer(allow_none=True)
    ball = fields.String(allow_none=True)
    due = fields.Integer(allow_none=True)
    next_rung = fields.String(allow_none=True)
    next_at = fields.Integer(allow_none=True)
    being_confirmed = fields.Boolean(load_default=False)
    silence = fields.String(
        allow_none=True, metadata={"description": "human, or transport: the hub of whoever acts is away"}
    )
    rung = fields.Integer(allow_none=True, metadata={"description": "the highest rung of the ladder that was told"})
    paused = fields.Boolean(load_default=False)
    owner = fields.String(allow_none=True, metadata={"description": "the recipient's named member"})
    sent_by = fields.String(allow_none=True, metadata={"description": "the sender's member who answers for it"})
    needed_from = fields.String(allow_none=True)
    asked = fields.Integer(load_default=0)
    untold = fields.Integer(load_default=0, metadata={"description": "words about it that could not be delivered"})
    doubted = fields.Boolean(
        load_default=False, metadata={"description": "a reported answer was denied by its number, or by a supervisor"}
    )
    found = fields.Boolean(allow_none=True)
    possible = fields.List(fields.String(), load_default=[])
    custody = fields.Nested(CustodyView, load_default=None, allow_none=True)
    leg = fields.Nested(LegView, allow_none=True)
    case = fields.Nested(CaseView, allow_none=True)
    responsible = fields.Nested(ResponsibleView, allow_none=True)


class HandoffDetail(HandoffView):
    """A handoff with its statements and packets."""

    statements = fields.List(fields.Nested(StatementView), required=True)
    packets = fields.List(fields.Nested(PacketView), required=True)


class HandoffPage(Schema):
    """One page of handoffs, newest first; pass `next` as `before` for the following one."""

    items = fields.List(fields.Nested(HandoffView), required=True)
    next = fields.String(allow_none=True)


class Taken(Schema):
    """The hub's signed receipt for what was sent, and the handoff as it now stands."""

    receipt = fields.Dict(required=True)
    handoff = fields.Nested(HandoffView, required=True)


class AfterPacket(_Strict):
    """From where on: the last packet that was seen, as `handoff.manifest`."""

    after = fields.String(load_default=None, validate=validate.Regexp(r"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}\Z"))


class OldHeader(Schema):
    """A packet whose header is of an older epoch."""

    manifest = fields.String(required=True)
    handoff = fields.String(required=True)


class Outstanding(Schema):
    """What an agency still has to seal to its newest epoch; `items` are the first of those that are `left`."""

    epoch = fields.Integer(required=True, allow_none=True)
    old_key_alive = fields.Boolean(required=True)
    left = fields.Integer(required=True)
    frozen = fields.Integer(required=True)
    items = fields.List(fields.Nested(OldHeader), required=True)


class Headers(Schema):
    """The age headers of a packet's files by name."""

    headers = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
