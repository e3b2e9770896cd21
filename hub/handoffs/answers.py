"""What this hub signs about a statement: a receipt with its proof, or a refusal (docs/protocol.md §7.3, §7.5).

Decides nothing: the intake says what a statement came to.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hub.ids import HandoffId
from hub.statements.grammar import Grade, HubActor, Statement
from hub.statements.receipts import Receipt, receipt_value
from hub.statements.verify import sign_statement

if TYPE_CHECKING:
    from hub.handofflog.store import HandoffLog, LogEntry
    from hub.handoffs.ports import Step
    from hub.packets.dsse import Signer
    from hub.statements.receipts import Channel
    from hub.statements.verify import VerifiedStatement


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of the hub at `origin`."""

    origin: str
    signer: Signer = field(repr=False)

    def receipt(
        self,
        entry: LogEntry,
        verified: VerifiedStatement,
        step: Step | None,
        chan: Channel | None,
        now: int,
    ) -> bytes:
        """Return the receipt that a statement is `entry` of the log; `step` is the ordering hub's to give."""
        receipt = Receipt(
            statement=verified.hash,
            log=entry.head,
            index=entry.index,
            salt=entry.salt,
            proof=entry.proof,
            position=step.position if step else None,
            state=step.state if step else None,
            chan=chan,
        )
        return self._sign("hub.receipt", verified, receipt_value(receipt), now)

    def refusal(self, log: HandoffLog, verified: VerifiedStatement, state: str, position: int, now: int) -> bytes:
        """Return the refusal of a statement, which is logged as well."""
        body = {"statement": verified.hash, "state": state, "position": position}
        envelope = self._sign("hub.refused", verified, body, now)
        log.append(envelope, now=now)
        return envelope

    def _sign(self, kind: str, verified: VerifiedStatement, body: dict[str, Any], now: int) -> bytes:
        by, handoff = (HubActor(self.origin),), HandoffId(verified.statement.handoff)
        said = Statement(kind, handoff, (verified.hash,), by, now, Grade.HUB, body, ())
        return sign_statement(said, [self.signer]).to_bytes()
