"""Every client watches its own agency's entries: what changed in the log since this member last looked.

Whoever holds the root, or two papers, can certify a device; this shows each of them to everybody. Only documents whose
proofs and signatures hold are listed (`hub.keys.pins`); a log that hides one is found by its proofs, not here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.keys.certificates import KeyEntry, MemberCert, RecoveryKey, RecoveryUse, Revocation

if TYPE_CHECKING:
    from hub.client.member import Member
    from hub.keys.certificates import Document

_FILE = "watched.json"
_WHAT = {
    KeyEntry: "key entry",
    MemberCert: "device certified",
    Revocation: "device revoked",
    RecoveryKey: "recovery papers made",
    RecoveryUse: "recovery papers used",
}


@dataclass(frozen=True, slots=True)
class Change:
    """A key document of the own agency that was not there, or not looked at, before."""

    index: int
    what: str
    member: str | None
    at: int | None


def changes(member: Member) -> list[Change]:
    """Return the agency's key documents since `seen`, in the order of the log; without it, all."""
    since = member.profile.load_json(_FILE, dict).get("index", -1)
    return [_change(index, document) for index, document in member.home().documents if index > since]


def seen(member: Member) -> None:
    """Remember that the member has looked at all there is now."""
    newest = max((index for index, _ in member.home().documents), default=-1)
    member.profile.save_json(_FILE, {"index": newest})


def _change(index: int, document: Document) -> Change:
    at = getattr(document, "at", None) or getattr(document, "valid_from", None)
    return Change(index, _WHAT[type(document)], getattr(document, "member", None), at)
