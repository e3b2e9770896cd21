"""Who still holds an agency's newest epoch although they should not: what makes the next epoch due. Pure.

An epoch secret cannot be taken back. Whoever left, lost a device or works on cases no more can open what is sealed
until the next epoch stands in the log (docs/protocol.md §5), whatever the hub refuses them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.keys.certificates import CASE_ROLES, KeyEntry, MemberCert, Revocation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.keys.certificates import Document


def old_key_holders(documents: Iterable[Document]) -> tuple[MemberCert, ...]:
    """Return the devices that lost their case roles since the newest epoch; `documents` in the order of the log.

    Whether such a device was ever granted the epoch nobody can prove, so each counts.
    """
    epoch: int | None = None
    may: dict[str, MemberCert] = {}
    gone: dict[str, MemberCert] = {}
    for document in documents:
        match document:
            case KeyEntry():
                newest = document.enc[-1].epoch if document.enc else None
                epoch, gone = newest, gone if newest == epoch else {}
            case MemberCert() if document.roles & CASE_ROLES:
                may[document.keyid] = document
                gone.pop(document.keyid, None)
            case MemberCert() | Revocation() if document.keyid in may:
                gone[document.keyid] = may.pop(document.keyid)
            case _:
                pass
    return tuple(gone.values()) if epoch is not None else ()
