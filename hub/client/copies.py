"""What this machine wrote of a handoff's content, so that it can be removed when consent is withdrawn.

Names of files only, sealed. Knows nothing of copies that people made of them: printed, moved, sent on.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.client.member import Member

_WRITTEN = "written.sealed"


def note(member: Member, handoff: str, paths: Iterable[Path]) -> None:
    """Remember the files that were written of a handoff."""
    known = member.load_sealed(_WRITTEN)
    named = {*known.get(handoff, []), *(str(path.resolve()) for path in paths)}
    if named:
        member.save_sealed(_WRITTEN, {**known, handoff: sorted(named)})


def remove(member: Member, handoff: str) -> tuple[int, list[str]]:
    """Delete those files; return how many were there, and those that could not be deleted. The rest is forgotten."""
    known, done, kept = member.load_sealed(_WRITTEN), 0, []
    for name in known.get(handoff, []):
        path = Path(name)
        try:
            done += path.exists()
            path.unlink(missing_ok=True)
        except OSError:
            kept.append(name)
    member.save_sealed(
        _WRITTEN, {**{k: v for k, v in known.items() if k != handoff}, **({handoff: kept} if kept else {})}
    )
    return done, kept
