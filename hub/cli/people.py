"""Commands of members and agencies about themselves: agency, member, enrol, unlock, whoami, service."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from hub.cli import words
from hub.cli.common import Session, read_text, secret_line, with_session
from hub.cli.operator import hand_over
from hub.client import enrol as enrolling
from hub.client import founding
from hub.client.enrol import Desk, Invitation, Sheet
from hub.client.founding import AgencyFacts
from hub.errors import NotFound
from hub.keys.certificates import KINDS, Epoch, fingerprint
from hub.packets.encoding import b64u, canonical, parse_json
from hub.statements.grammar import Role

if TYPE_CHECKING:
    from hub.client.member import Member
    from hub.client.trust import TrustedAgency

_out = click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it to this file.")
_role = click.option("--role", "roles", multiple=True, required=True, type=click.Choice([r.value for r in Role]))
_invitation = click.option(
    "--invitation", "named", help="The file with your invitation; asked for where none is named."
)
_login = click.option("--login", required=True, help="The name to sign in with.")


@click.group()
def agency() -> None:
    """Your agency, and others in the directory."""


@agency.command()
@_invitation
@_login
@click.option("--kind", required=True, type=click.Choice(sorted(KINDS)))
@click.option("--country", required=True, help="Two letters.")
@click.option("--operator", required=True, help="The body that the agency belongs to.")
@click.option("--parent", help="The body above it.")
@click.option("--duty", multiple=True, help="A duty number. Repeatable.")
@_out
@with_session
def request(session: Session, named: str | None, login: str, out: Path | None, **facts: Any) -> None:
    """Begin an agency: make its root key here, and the request that two certifiers are to sign."""
    invitation = Invitation.from_text(secret_line("Invitation", named))
    desk = Desk(session.profile, login, session.passphrase(new=True), session.clock)
    identity = founding.begin(desk, invitation, AgencyFacts(**facts))
    digits = fingerprint(identity.root)
    session.console.print(f"Fingerprint of {identity.agency}, for your certifiers: {digits}", style="dim")
    hand_over(session, {"agency": identity.agency, "fingerprint": digits}, canonical(identity.to_value()).decode(), out)


@agency.command()
@click.argument("certifications", nargs=-1, type=click.Path(path_type=Path, dir_okay=False))
@with_session
def create(session: Session, certifications: tuple[Path, ...]) -> None:
    """Register the agency that `request` began, with the certifications that came back."""
    certs = [founding.certification_from_value(parse_json(read_text(str(path)).encode())) for path in certifications]
    desk = Desk(session.profile, "", session.passphrase(), session.clock)
    member, sheet = founding.finish(desk, certs)
    _print_sheet(session, member, sheet, f"{member.agency} is registered, and you are its first member.")


@agency.command("list")
@click.argument("query", default="")
@with_session
def list_(session: Session, query: str) -> None:
    """Find agencies whose name, address or service holds QUERY."""
    rows = find(session.member(), query)
    columns = {"agency": "Address", "name": "Name", "services": "Services"}
    session.table(rows, columns, lambda row: [words.short(row["agency"]), row["name"], ", ".join(row["services"])])


@agency.command()
@click.argument("address")
@click.option("--fingerprint", "digits", default="", help="The sixty digits that were compared by phone.")
@with_session
def show(session: Session, address: str, digits: str) -> None:
    """Show the agency at ADDRESS: what it is, why it is believed, who works there."""
    member = session.member()
    named = resolve(member, address)
    found = member.trust.agency(named, fingerprint=digits) if digits else member.trust.look_at(named)
    if digits:
        member.keep_pins()
    value = _shown(found, member.clock.now())
    session.tell(
        value,
        f"[bold]{escape(words.short(named))}[/]  {value['kind']}, {value['country']}, {escape(value['operator'])}",
        f"  {words.HOW[value['trusted']]}",
        f"  fingerprint {value['fingerprint']}",
        f"  duty numbers: {escape(', '.join(value['duty']) or 'none')}",
        *(f"  {row['member']}  {', '.join(row['roles'])}" for row in value["members"]),
    )


@agency.command()
@click.option("--publish", type=click.Path(path_type=Path, dir_okay=False), help="Publish the epoch in this file.")
@_out
@with_session
def epoch(session: Session, publish: Path | None, out: Path | None) -> None:
    """Start the next encryption key of your agency; who holds its root publishes it."""
    member = session.member()
    if publish is not None:
        row = parse_json(read_text(str(publish)).encode())
        started = Epoch(row["epoch"], row["recipient"], row["suite"])
    else:
        started = enrolling.start_epoch(member)
        if member.secrets.root is None:
            hand_over(session, {"epoch": started.to_value()}, canonical(started.to_value()).decode(), out)
            return
    enrolling.publish_epoch(member, started)
    granted = enrolling.grant_missing(member) if started.epoch in member.epochs() else []
    session.tell(
        {"epoch": started.epoch, "granted": granted},
        f"Epoch {started.epoch} is published; granted to {len(granted)} colleagues. Others get it by hub member grant.",
    )


@click.group()
def member() -> None:
    """The members of your agency."""


@member.command()
@_role
@click.option("--mail", help="Where notices go; they say nothing about any child.")
@_out
@with_session
def invite(session: Session, roles: tuple[str, ...], mail: str | None, out: Path | None) -> None:
    """Invite a colleague; hand the invitation over by a way that both of you trust."""
    made = enrolling.invite(session.member(), roles, mail)
    hand_over(session, {"agency": made.agency, "roles": sorted(made.roles)}, made.to_text(), out)


@member.command()
@with_session
def pending(session: Session) -> None:
    """List colleagues who wait for a certificate, with the digits to compare."""
    rows = [
        {"login": row.login, "roles": sorted(row.roles), "fingerprint": row.fingerprint}
        for row in enrolling.pending(session.member())
    ]
    columns = {"login": "Login", "roles": "Invited as", "fingerprint": "Fingerprint"}
    session.table(rows, columns, lambda row: [row["login"], ", ".join(row["roles"]), row["fingerprint"]])


@member.command()
@click.argument("login")
@click.option("--fingerprint", "digits", required=True, help="The sixty digits that your colleague reads out.")
@_role
@with_session
def certify(session: Session, login: str, digits: str, roles: tuple[str, ...]) -> None:
    """Certify the device of LOGIN, after you compared its digits, and grant what its roles may open."""
    me = session.member()
    cert = enrolling.certify_pending(me, login, digits, roles)
    granted = enrolling.grant_missing(me) if me.home().entry.enc and me.epochs() else []
    session.tell({"member": cert.member, "granted": granted}, f"{escape(login)} is certified as {', '.join(roles)}.")


@member.command()
@with_session
def grant(session: Session) -> None:
    """Grant the epochs that this device holds to certified colleagues who may open cases."""
    granted = enrolling.grant_missing(session.member())
    session.tell({"granted": granted}, f"Granted to {len(granted)} colleagues.")


@member.command("list")
@with_session
def list_members(session: Session) -> None:
    """List the certified members of your agency."""
    me = session.member()
    rows = _shown(me.home(), me.clock.now())["members"]
    columns = {"member": "Member", "roles": "Roles", "until": "Until"}
    session.table(rows, columns, lambda row: [row["member"], ", ".join(row["roles"]), words.when(row["until"])])


@click.command()
@_invitation
@_login
@with_session
def enrol(session: Session, named: str | None, login: str) -> None:
    """Become a member with an invitation: makes your keys on this machine."""
    invitation = Invitation.from_text(secret_line("Invitation", named))
    desk = Desk(session.profile, login, session.passphrase(new=True), session.clock)
    found, sheet = enrolling.enrol(desk, invitation)
    digits = enrolling.this_device(found, invitation.roles).fingerprint
    _print_sheet(session, found, sheet, f"You are enrolled at {found.agency}.", fingerprint=digits)
    if not session.as_json:
        session.console.print(f"Read these digits out to your admin, who certifies you then:\n  {digits}")


@click.command()
@click.option("--recovery", help="Use the recovery code in this file (- for standard input) and set a new passphrase.")
@with_session
def unlock(session: Session, recovery: str | None) -> None:
    """Test your passphrase, or set a new one with your recovery code."""
    if recovery is None:
        found = session.member()
    else:
        code = read_text(recovery).strip()
        found = enrolling.recover(Desk(session.profile, "", session.passphrase(new=True), session.clock), code)
    session.tell({"login": found.account.login, "unlocked": True}, f"Unlocked: {escape(found.account.login)}.")


@click.command()
@with_session
def whoami(session: Session) -> None:
    """Say who you are signed in as, and as what."""
    found = session.member()
    value = {**asdict(found.account), "roles": sorted(found.roles()), "root": found.secrets.root is not None}
    roles = ", ".join(value["roles"]) or "not certified yet"
    session.tell(value, f"{escape(found.account.login)} at {escape(words.short(found.agency))}: {roles}")


@click.group()
def service() -> None:
    """What your agency offers, in the directory."""


@service.command("list")
@click.argument("query", default="")
@with_session
def list_services(session: Session, query: str) -> None:
    """List services whose name, type or agency holds QUERY."""
    rows = [r for r in session.member().hub.get("/api/v1/directory")["services"] if _holds(r, query)]
    columns = {"agency": "Agency", "name": "Service", "type": "Type", "id": "Id"}
    session.table(rows, columns, lambda row: [words.short(row["agency"]), row["name"], row["type"], row["id"]])


@service.command()
@click.option("--name", help="How your agency is called, where it is not in the directory yet.")
@click.option("--zone", help="Its time zone, such as Africa/Djibouti.")
@click.option("--weekend", default="5,6", show_default=True, help="Days off, from Monday as 0.")
@click.option("--offer", "offers", multiple=True, metavar="TYPE:NAME", help="A service. Repeatable; replaces all.")
@with_session
def put(session: Session, name: str | None, zone: str | None, weekend: str, offers: tuple[str, ...]) -> None:
    """Say how your agency is called, when it works, and what it offers."""
    me = session.member()
    if name and zone:
        days = [int(day) for day in weekend.split(",") if day.strip().isdecimal()]
        me.hub.put("/api/v1/directory/profile", {"name": name, "zone": zone, "weekend": days})
    inbox = me.home().entry.inboxes[0]
    named = (offer.partition(":") for offer in offers)
    rows = [{"type": kind, "name": text or kind, "inbox": inbox} for kind, _, text in named]
    said = me.hub.put("/api/v1/directory/services", {"services": rows}) if rows else {"services": []}
    session.tell(said, f"{len(said['services'])} services are in the directory.")


def find(member: Member, query: str) -> list[dict[str, Any]]:
    """Return agencies of the directory whose name, address or service holds `query`."""
    map_ = member.hub.get("/api/v1/directory")
    known = {
        row["agency"]: {"agency": row["agency"], "name": "", "services": []}
        for row in member.hub.get("/api/v1/agencies")
    }
    for row in map_["agencies"]:
        known.setdefault(row["agency"], {"agency": row["agency"], "services": []})["name"] = row["name"]
    for row in map_["services"]:
        if row["agency"] in known:
            known[row["agency"]]["services"].append(row["type"])
    return [row for row in known.values() if _holds(row, query)]


def resolve(member: Member, address: str) -> str:
    """Return the full address of an agency that was named in short.

    Raises:
        NotFound: none, or more than one, is called so.
    """
    if address.startswith("urn:"):
        return address
    known = [str(row["agency"]) for row in find(member, "")]
    found = [name for name in known if words.short(name) == address]
    found = found or [name for name in known if words.short(name).partition("@")[0] == address]
    if len(found) != 1:
        raise NotFound("No agency, or more than one, is called so.", todo="Name it as name@host; see hub agency list.")
    return found[0]


def _holds(row: dict[str, Any], query: str) -> bool:
    return query.lower() in " ".join(map(str, row.values())).lower()


def _shown(found: TrustedAgency, now: int) -> dict[str, Any]:
    entry = found.entry
    members = [{"member": cert.member, "roles": sorted(cert.roles), "until": cert.until} for cert in found.members(now)]
    identity = {
        "agency": entry.agency,
        "kind": entry.kind,
        "country": entry.country,
        "operator": entry.identity.operator,
    }
    trusted = {"trusted": found.how.value, "fingerprint": found.fingerprint, "root": b64u(entry.root)}
    return {**identity, **trusted, "duty": list(entry.duty), "epochs": len(entry.enc), "members": members}


def _print_sheet(session: Session, member: Member, sheet: Sheet, line: str, **more: str) -> None:
    value = {"agency": member.agency, "member": member.id, "recovery": sheet.recovery, "device": sheet.device, **more}
    session.tell(
        value,
        escape(line),
        "Print this once and keep it apart from this machine; it is shown only now:",
        f"  Recovery code  {sheet.recovery}",
        f"  Device secret  {sheet.device}",
    )
