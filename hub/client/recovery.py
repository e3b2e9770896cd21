"""Getting back in: a member's printed sheet, tested before it counts, and an agency's two of three paper shares.

Makes keys and words; does not print (`hub.client.paper`). What two shares open is given out by the hub only after their
use stands in its log and every member is told. The chain of key entries goes on: it is the same root.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hub.client import enrol
from hub.client.enrol import Invitation, Sheet
from hub.client.transport import HubSession, well_formed
from hub.errors import BadSignature, Forbidden, Malformed
from hub.ids import random_id
from hub.keys.certificates import CASE_ROLES, RecoveryUse
from hub.keys.recovery import RecoverySecret, open_epochs, open_root, seal_epochs, seal_root
from hub.keys.vault import KdfParameters, RecoveryCode, derive, recover, wrap_for_recovery
from hub.packets.encoding import b64u, from_b64u, parse_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hub.client.enrol import Desk
    from hub.client.member import Member

_SHEET = "sheet.json"
COMES_BACK_AS = frozenset({"agency_admin", "supervisor"})


@dataclass(frozen=True, slots=True)
class Shares:
    """Three lines of words, and what stands on each paper beside them: which agency, at which hub, with which key."""

    lines: tuple[str, ...]
    where: Invitation


# A member's sheet


def new_sheet(member: Member) -> Sheet:
    """Make a new recovery code, and return what to print; the sheet before opens nothing any more."""
    code = RecoveryCode.generate()
    wrap = wrap_for_recovery(member.content_key, code, login=member.account.login)
    member.profile.save_json(_SHEET, {"tested": None})
    member.keep(recovery=wrap)
    return Sheet(code.text(), b64u(member.profile.device.value))


def test_sheet(member: Member, code: str, device: str) -> int:
    """Try what was typed from the sheet on the vault as the hub keeps it; return when, which is remembered.

    Raises:
        Malformed: a letter is mistyped.
        BadSignature: it is another sheet's.
    """
    stored = member.hub.get("/api/v1/vault")
    with well_formed():
        recover(from_b64u(stored["recovery"]), RecoveryCode.parse(code), login=member.account.login)
    try:
        same = from_b64u("".join(device.split()), 16) == member.profile.device.value
    except Malformed as error:
        raise Malformed("The device secret is mistyped.") from error
    if not same:
        raise BadSignature("This device secret is not the one of this device.", todo="Take the sheet of this device.")
    now = member.clock.now()
    member.profile.save_json(_SHEET, {"tested": now})
    return now


def change_passphrase(member: Member, passphrase: str) -> Sheet:
    """Give the vault a new passphrase, and return what to print: the code before opened the old key.

    Every other session of the member ends.
    """
    code, kdf = RecoveryCode.generate(), KdfParameters.of(member.profile.device)
    keys = derive(passphrase, member.profile.device, kdf)
    member.profile.save_json(_SHEET, {"tested": None})
    member.keep(recovery=wrap_for_recovery(keys.kek, code, login=member.account.login), lock=(keys, kdf))
    return Sheet(code.text(), b64u(member.profile.device.value))


def sheet_tested(member: Member) -> int | None:
    """Return when this device's sheet was tested; None: it does not count yet."""
    tested: int | None = member.profile.load_json(_SHEET, dict).get("tested")
    return tested


# An agency's shares


def split(member: Member, held: Sequence[str]) -> Shares:
    """Make three shares of which two recover the agency, for people of the bodies `held`; older ones end.

    Raises:
        Forbidden: this device does not hold the root, or a body is the hub's operator.
        Malformed: not three, or all of one body.
    """
    root = member.secrets.root
    if root is None:
        raise Forbidden("This device does not hold the agency's root key.", todo="Ask whoever created the agency.")
    secret = RecoverySecret.generate()
    key = secret.public(member.agency, held, member.clock.now())
    key.check()
    epochs = member.epochs().values() if member.roles() & CASE_ROLES else member.secrets.epochs.values()
    given = {"root": b64u(seal_root(key, root)), "epochs": b64u(seal_epochs(key, epochs))}
    document = parse_json(key.to_envelope(root.signer()).to_bytes())
    member.hub.post(f"/api/v1/agencies/{member.agency}/recovery", {"key": document, **given})
    member.trust.forget()
    account, pins = member.account, member.trust.pins
    key_of = pins.hubs[account.host]
    where = Invitation(account.url, account.host, key_of, member.agency, COMES_BACK_AS, pins.certifiers, "-")
    return Shares(secret.shares(), where)


def refresh(member: Member) -> bool:
    """Seal the newest epochs to the agency's recovery key, if it has one; return whether it has."""
    key = member.home().recovery
    if key is None:
        return False
    sealed = seal_epochs(key, member.epochs().values())
    given = {"sign": b64u(key.sign), "epochs": b64u(sealed)}
    member.hub.put(f"/api/v1/agencies/{member.agency}/recovery", given)
    return True


def join(desk: Desk, where: Invitation, lines: Iterable[str]) -> tuple[Member, Sheet]:
    """Recover the agency with two shares: enrol at the desk with its root and newest epochs; return what to print.

    Everybody of the agency is told. Lost devices are then removed, and new shares made, as at any time.

    Raises:
        Malformed: the words are mistyped, or do not belong together.
        BadSignature: these shares count no longer, or the hub gives what the agency's log does not bear out.
    """
    secret, member_id = RecoverySecret.from_shares(lines), random_id()
    signer = secret.signer()
    use = RecoveryUse(where.agency, signer.public_key, member_id, desk.clock.now())
    hub = HubSession(where.url, http=desk.http)
    document = parse_json(use.to_envelope(signer).to_bytes())
    given = hub.post(f"/api/v1/agencies/{where.agency}/recoveries", {"use": document})
    with well_formed():
        sealed = {name: from_b64u(given[name]) for name in ("root", "epochs")}
        invitation = replace(where, code=str(given["code"]), member=member_id)
    member, sheet = enrol.prepare(desk, invitation)
    try:
        enrol.register(member, invitation)
        entry = member.home().entry
        root, epochs = open_root(secret, sealed["root"], entry), open_epochs(secret, sealed["epochs"], entry)
    except BaseException:
        member.profile.discard()
        raise
    member.keep(root=root, epochs={one.epoch: one for one in epochs})
    enrol.certify_member(member, enrol.this_device(member, where.roles), where.roles)
    return member, sheet
