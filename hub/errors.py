"""Every error that the hub tells anybody about: one class, one code, one safe sentence.

Does not know HTTP: `hub.web.problems` alone turns a code into a status and an RFC 9457 document.
Rules: `detail` is safe for whoever caused the error and never repeats what they sent. Whose fault it is decides the
branch. `docs/errors.md` has a section for each code; a test compares the two.
"""

from __future__ import annotations


class HubError(Exception):
    """An error with a stable `code`; `detail` says what happened, `todo` what to do next.

    `facts` are extra members of the problem document (for instance the steps that are possible now); they hold
    names of states and statement types only, never content.
    """

    code = "internal"
    todo = "Try again; if it happens again, tell the operator the reference number."

    def __init__(self, detail: str, *, todo: str | None = None, **facts: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.todo = todo or type(self).todo
        self.facts = facts


class InvalidRequest(HubError):
    """The request is not of the form that the route takes."""

    code = "invalid_request"
    todo = "Correct the request as the detail says and send it again."


class TooLarge(InvalidRequest):
    """More bytes than the limit for this thing."""

    code = "too_large"
    todo = "Send fewer or smaller attachments."


class Unauthenticated(HubError):
    """Nobody, or nobody we know, is asking."""

    code = "unauthenticated"
    todo = "Sign in again."


class SignedOut(Unauthenticated):
    """The session was ended by somebody: whoever still has the vault open locks it."""

    code = "signed_out"
    todo = "Unlock again with your passphrase if this was you. If not, change it and tell your agency's admin."


class TotpRequired(Unauthenticated):
    """Login and secret are right, and a code of the authenticator app is asked for, too."""

    code = "totp_required"
    todo = "Type the six digits that your authenticator app shows now. Lost it? An agency admin can reset it."


class Forbidden(HubError):
    """We know who asks, and they may not."""

    code = "forbidden"
    todo = "Ask a member whose role allows it."


class TotpSetup(Forbidden):
    """This hub asks everybody for codes of an authenticator app, and this member has none yet."""

    code = "totp_setup"
    todo = "Set up an authenticator app in your settings, or with `hub account totp on`."


class ConsentMissing(HubError):
    """No lawful basis covers what was to be sent (R01..R08)."""

    code = "consent_missing"
    todo = "Read which sections are not covered and whom to ask."


class GateClosed(Forbidden):
    """A gate of a transfer blocks the step (R21..R38)."""

    code = "gate_closed"
    todo = "Read which gates block, what each asks for, and who may lift it."


class NotFound(HubError):
    """It does not exist, or the caller may not know that it does."""

    code = "not_found"
    todo = "Check the identifier."


class Conflict(HubError):
    """The request was well formed, but something else happened first."""

    code = "conflict"
    todo = "Fetch the present state and decide again."


class IllegalTransition(Conflict):
    """The state machine has no such step from here; `facts["possible"]` lists those it has."""

    code = "illegal_transition"
    todo = "Choose one of the steps that are possible now."


class StaleVersion(Conflict):
    """Another writer was faster."""

    code = "stale_version"


class RateLimited(HubError):
    """Too many tries in too short a time."""

    code = "rate_limited"
    todo = "Wait a minute and try again."


class Unavailable(HubError):
    """The hub has stopped this kind of work on purpose, for instance because its log does not fit its checkpoint."""

    code = "unavailable"
    todo = "Tell the operator; nothing was lost."


class PacketError(HubError):
    """Bytes that cannot be trusted. All parsers turn every low-level exception into one of these."""

    code = "packet_invalid"
    todo = "Do not use these bytes. Ask the sender to seal the packet again."


class Malformed(PacketError):
    """Not of the grammar of docs/protocol.md."""

    code = "malformed"


class BadSignature(PacketError):
    """A signature, MAC, hash or certificate does not fit."""

    code = "bad_signature"


class WrongRecipient(PacketError):
    """Not addressed to us, or not sealed to a key that we hold."""

    code = "wrong_recipient"


class Replayed(PacketError):
    """The same id was used before with other bytes."""

    code = "replayed"


class Expired(PacketError):
    """Outside its period of validity, or dated in the future."""

    code = "expired"


class UnsupportedVersion(PacketError):
    """A version, suite or type that this release does not take."""

    code = "unsupported_version"


class NotPermitted(PacketError):
    """Opened, but what is in it is not covered by the basis it names."""

    code = "not_permitted"
    todo = "Do not use it. Tell the sender and your data officer."


class PeerError(HubError):
    """Another hub did not do its part. Never passed on to our own caller as it came."""

    code = "peer_error"
    todo = "Check the other hub's address and fingerprint with its operator, and try again."


class PeerUnreachable(PeerError):
    """No answer, or 429 or 5xx: wait and try again."""

    code = "peer_unreachable"


class PeerRefused(PeerError):
    """400, 401, 403, 409, 413, 415: stop the queue and alarm."""

    code = "peer_refused"
    todo = "Ask its operator why; perhaps it has not added this hub yet."


class PeerMisbehaved(PeerError):
    """An answer that a truthful peer cannot give: a forged receipt, a forked log, other bytes for the same id."""

    code = "peer_misbehaved"


class UnknownSigner(BadSignature):
    """No certificate or hub entry of this signer is known here; pulling the signer's keys may help."""

    code = "unknown_signer"


class WrongCode(Forbidden):
    """Not the six digits that open a link; `left` says how many tries there are yet."""

    code = "wrong_code"
    todo = "Look at the six digits again, or ask whoever gave you the link."


class LinkLocked(Forbidden):
    """Five wrong codes: the link opens nothing until its sender makes another one."""

    code = "link_locked"
    todo = "Ask the sender for a new link."


class LinkRevoked(Forbidden):
    """The sender revoked the link, or made another one in its place."""

    code = "link_revoked"
    todo = "Use the newest link, or ask the sender for a new one."


class LinkExpired(Forbidden):
    """The link's last day is past."""

    code = "link_expired"
    todo = "Ask the sender for a new link."


class LinkOver(Forbidden):
    """What the link was for is over, was taken back, or stands still at the wish of whoever agreed to it."""

    code = "link_over"
    todo = "Delete what you keep of it, unless the law obliges you to keep it. Ask the sender if you are unsure."


class LinkOtherDevice(Conflict):
    """Another device opened the link first."""

    code = "link_other_device"
    todo = "Use the device that opened it first, or ask the sender for a new link."


class NoVerifiedNumber(Conflict):
    """The service map has no number of this provider that was verified in time."""

    code = "no_verified_number"
    todo = "Ask the sender to make a link whose code is told by voice."


class UploadMissing(NotFound):
    """A payload that was sent in pieces is not here, or not all of it."""

    code = "upload_missing"
    todo = "Send it again; what is here already is not sent twice."
