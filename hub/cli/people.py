"""Commands of members and agencies about themselves: agency, member, enrol, unlock, whoami, service."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from hub.cli import channels, words
from hub.cli.common import FILE, Session, command, out, read_json, read_text, secret_line
from hub.cli.recovery import recovery as recovery_group
from hub.client import around, epochs, founding, links, recovery, watching
from hub.client import enrol as enrolling
from hub.client.enrol import Desk, Invitation, Sheet
from hub.client.founding import AgencyFacts
from hub.directory.records.vocabulary import NEEDS
from hub.errors import InvalidRequest, NotFound
from hub.keys.certificates import CASE_ROLES, KINDS, Epoch, fingerprint
from hub.packets import shapes as a
from hub.packets.encoding import b64u, canonical
from hub.statements.grammar import Role

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from hub.client.member import Member
    from hub.keys.pins import TrustedAgency

top = click.Group("people", commands={**channels.top.commands, "recovery": recovery_group})
_UNTESTED = "not tested, and does not count yet: type it back with `hub recovery test`."
_ALIVE = (
    "[bold]Old key still alive[/bold]: who left can open what is sealed to your agency, until the next key stands in"
    " the log. Run `hub agency renew`."
)
_role = click.option("--role", "roles", multiple=True, required=True, type=click.Choice([r.value for r in Role]))
_invitation = click.option(
    "--invitation", "named", help="The file with your invitation; asked for where none is named."
)
_login = click.option("--login", required=True, help="The name to sign in with.")
_query = click.argument("query", default="")
_said = click.option("--words", "--fingerprint", "said", required=True, help="What your colleague reads out.")


@top.group()
def agency() -> None:
    """Your agency, and others in the directory."""


@command(
    agency,
    _invitation,
    _login,
    click.option("--kind", required=True, type=click.Choice(sorted(KINDS))),
    click.option("--country", required=True, help="Two letters."),
    click.option("--operator", required=True, help="The body that the agency belongs to."),
    click.option("--parent", help="The body above it."),
    click.option("--duty", multiple=True, help="A duty number. Repeatable."),
    click.option(
        "--no-account", is_flag=True, help="Its providers have no account: packets go by link. --parent sponsors it."
    ),
    out,
)
def request(session: Session, named: str | None, login: str, out: Path | None, **facts: Any) -> None:
    """Begin an agency: make its root key here, and the request that two certifiers are to sign."""
    desk, invitation = _at_desk(session, named, login)
    identity, sheet = founding.begin(desk, invitation, AgencyFacts(**facts))
    digits = fingerprint(identity.root)
    value = {"agency": identity.agency, "fingerprint": digits, **asdict(sheet)}
    if not session.as_json:
        for line in (*_sheet(sheet), f"Read these digits out to both certifiers:\n  {digits}"):
            session.console.print(line)
    session.hand_over(value, canonical(identity.to_value()).decode(), out)


@command(agency, click.argument("certifications", nargs=-1, type=FILE))
def create(session: Session, certifications: tuple[Path, ...]) -> None:
    """Register the agency that `request` began, with the certifications that came back."""
    certs = [founding.certification_from_value(read_json(path)) for path in certifications]
    member = founding.finish(Desk(session.profile, "", session.passphrase(), session.clock), certs)
    value = {"agency": member.agency, "member": member.id}
    session.tell(value, f"{escape(member.agency)} is registered, and you are its first member.")


@command(agency, _query, name="list")
def list_agencies(session: Session, query: str) -> None:
    """Find agencies whose name, address or service holds QUERY."""
    session.table(find(session.member(), query), {"agency": "Address", "name": "Name", "services": "Services"})


@command(
    agency,
    click.argument("address"),
    click.option("--fingerprint", "digits", default="", help="The sixty digits that were compared by phone."),
)
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
        f"[bold]{escape(named)}[/]  {value['kind']}, {value['country']}, {escape(value['operator'])}",
        f"  {words.HOW[value['trusted']]}",
        f"  fingerprint {value['fingerprint']}",
        f"  duty numbers: {escape(', '.join(value['duty']) or 'none')}",
        *(f"  {row['member']}  {', '.join(row['roles'])}" for row in value["members"]),
    )


@command(
    agency,
    click.option("--until", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The last day; two years at most."),
    click.option("--safeguarding-until", type=click.DateTime(["%Y-%m-%d"]), help="Where safeguarding ends earlier."),
)
def attest(session: Session, until: datetime, safeguarding_until: datetime | None) -> None:
    """Declare for your agency: nothing goes on to immigration enforcement, and safeguarding is in force (R09)."""
    days = (until, safeguarding_until or until)
    said = around.attest(session.member(), *(day.date().isoformat() for day in days))
    session.tell(said, f"Declared until {said['firewall_until']}; safeguarding until {said['safeguarding_until']}.")


@command(agency, click.option("--publish", type=FILE, help="Publish the epoch in this file."), out)
def epoch(session: Session, publish: Path | None, out: Path | None) -> None:
    """Start the next encryption key of your agency; who holds its root publishes it."""
    member = session.member()
    if publish is not None:
        row = read_json(publish)
        a.object_of(Epoch.SHAPE)(row)
        started = Epoch.from_value(row)
    else:
        started = enrolling.start_epoch(member)
        if member.secrets.root is None:
            session.hand_over({"epoch": started.to_value()}, canonical(started.to_value()).decode(), out)
            return
    enrolling.publish_epoch(member, started)
    if started.epoch in member.epochs():
        _renew(session, member)
        return
    session.tell(
        {"epoch": started.epoch},
        f"Epoch {started.epoch} is published. Who started it now runs `hub agency renew`.",
    )


@command(agency)
def renew(session: Session) -> None:
    """Do what is left to do after somebody left: the next key, grants, new headers. Safe to run again."""
    _renew(session, session.member())


@command(agency, click.argument("login_or_id"))
def deputy(session: Session, login_or_id: str) -> None:
    """Name the colleague who takes over what others held who leave."""
    entry = enrolling.name_deputy(session.member(), login_or_id)
    session.tell({"deputy": entry.deputy}, f"{escape(login_or_id)} is the deputy from now on.")


@command(agency)
def watch(session: Session) -> None:
    """Say what changed in your agency's keys since you last asked: who was certified or removed, recoveries."""
    me = session.member()
    rows = [asdict(change) for change in watching.changes(me)]
    columns = {"at": "When", "what": "What", "member": "Member"}
    session.table(rows, columns, at=lambda row: words.when(row["at"]) if row["at"] else "")
    watching.seen(me)


@top.group()
def member() -> None:
    """The members of your agency."""


@command(member, _role, click.option("--mail", help="Where notices go; they say nothing about any child."), out)
def invite(session: Session, roles: tuple[str, ...], mail: str | None, out: Path | None) -> None:
    """Invite a colleague; hand the invitation over by a way that both of you trust."""
    made = enrolling.invite(session.member(), roles, mail)
    session.hand_over({"agency": made.agency, "roles": sorted(made.roles)}, made.to_text(), out)


@command(member)
def pending(session: Session) -> None:
    """List colleagues who wait for a certificate, with the words and the digits to compare."""
    columns = {"login": "Login", "roles": "Invited as", "words": "Six words", "fingerprint": "Fingerprint"}
    names = ("login", "words", "fingerprint")
    waiting = enrolling.pending(session.member())
    rows = [{"roles": sorted(row.roles), **{name: getattr(row, name) for name in names}} for row in waiting]
    session.table(rows, columns)


@command(member, click.argument("login"), _said, _role)
def certify(session: Session, login: str, said: str, roles: tuple[str, ...]) -> None:
    """Certify the device of LOGIN by its six words or sixty digits, and grant what its roles may open."""
    me = session.member()
    cert = enrolling.certify_pending(me, login, said, roles)
    granted = enrolling.grant_missing(me) if me.home().entry.enc and me.epochs() else []
    session.tell({"member": cert.member, "granted": granted}, f"{escape(login)} is certified as {', '.join(roles)}.")


@command(member)
def grant(session: Session) -> None:
    """Grant the epochs that this device holds to certified colleagues who may open cases."""
    granted = enrolling.grant_missing(session.member())
    session.tell({"granted": granted}, f"Granted to {len(granted)} colleagues.")


@command(member, click.argument("login_or_id"))
def remove(session: Session, login_or_id: str) -> None:
    """End the certificates of a colleague who left; what they held is the deputy's, and the next key starts."""
    me = session.member()
    removed = enrolling.remove_member(me, login_or_id)
    if not session.as_json:
        session.tell(
            {},
            f"{escape(login_or_id)} is removed: nothing that they sign from now on counts, and they cannot sign in.",
            *_deputy_line(me),
        )
    unlinked = links.revoke_of(me, removed)
    if unlinked and not session.as_json:
        again = (f"  hub link {handoff}" for handoff in unlinked)
        session.tell({}, "Links that they made and nobody opened are revoked; make others:", *again)
    _renew_after(session, me, {"member": removed, "unlinked": unlinked})


@command(member, click.argument("login_or_id"), out)
def lost(session: Session, login_or_id: str, out: Path | None) -> None:
    """Revoke a colleague's lost device, and invite them back on a new one as who they are."""
    me = session.member()
    made = enrolling.lose_device(me, login_or_id)
    session.hand_over({"member": made.member, "roles": sorted(made.roles)}, made.to_text(), out)
    if not session.as_json:
        session.console.print(*_alive(me))


@command(member, name="list")
def list_members(session: Session) -> None:
    """List the certified members of your agency."""
    me = session.member()
    logins = {row["member"]: row["login"] for row in me.hub.get("/api/v1/members")}
    rows = [{"login": logins.get(row["member"]), **row} for row in _shown(me.home(), me.clock.now())["members"]]
    columns = {"login": "Login", "member": "Member", "roles": "Roles", "until": "Until"}
    session.table(rows, columns, until=lambda row: words.when(row["until"]))
    if not session.as_json:
        for line in _alive(me):
            session.console.print(line)


@command(top, _invitation, _login)
def enrol(session: Session, named: str | None, login: str) -> None:
    """Become a member with an invitation: makes your keys on this machine."""
    desk, invitation = _at_desk(session, named, login)
    found, sheet = enrolling.enrol(desk, invitation)
    mine = enrolling.this_device(found, invitation.roles)
    value = {"agency": found.agency, "member": found.id, "words": mine.words, "fingerprint": mine.fingerprint}
    session.tell(
        {**value, **asdict(sheet)},
        f"You are enrolled at {escape(found.agency)}.",
        *_sheet(sheet),
        f"Read these six words out to your admin, who certifies you then:\n  {mine.words}",
        f"or, where words are hard to say, these digits:\n  {mine.fingerprint}",
    )


@command(
    top,
    click.option(
        "--recovery", help="Use the recovery code in this file (- for standard input) and set a new passphrase."
    ),
)
def unlock(session: Session, recovery: str | None) -> None:
    """Test your passphrase, or set a new one with your recovery code."""
    if recovery is None:
        found = session.member()
    else:
        code = read_text(recovery).strip()
        found = enrolling.recover(Desk(session.profile, "", session.passphrase(new=True), session.clock), code)
    session.tell({"login": found.account.login, "unlocked": True}, f"Unlocked: {escape(found.account.login)}.")


@command(top)
def whoami(session: Session) -> None:
    """Say who you are signed in as, and as what."""
    found = session.member()
    tested, changed = recovery.sheet_tested(found), len(watching.changes(found))
    facts = {"root": found.secrets.root is not None, "sheet_tested": tested, "key_changes": changed}
    value = {**asdict(found.account), "roles": sorted(found.roles()), **facts}
    roles = ", ".join(value["roles"]) or "not certified yet"
    session.tell(
        value,
        f"{escape(found.account.login)} at {escape(found.agency)}: {roles}",
        f"Recovery sheet: tested on {words.when(tested)}" if tested else f"Recovery sheet: {_UNTESTED}",
        *(
            [f"Key documents of your agency that you have not seen: {changed}. See `hub agency watch`."]
            if changed
            else []
        ),
        *_alive(found),
    )


@top.group()
def service() -> None:
    """What your agency offers, in the service map."""


@command(
    service,
    click.option("--name", help="How your agency is called, where it is not in the directory yet."),
    click.option("--zone", help="Its time zone, such as Africa/Djibouti."),
    click.option("--weekend", default="5,6", show_default=True, help="Days off, from Monday as 0."),
    click.option("--closed", multiple=True, metavar="DATE", help="A day off of your own. Repeatable."),
    click.option("--worked", multiple=True, metavar="DATE", help="A public holiday on which you work. Repeatable."),
    click.option("--remote", is_flag=True, help="You work far from everything: answers may take twice as long."),
    click.option("--offer", "offers", multiple=True, metavar="NEED:NAME", help="A service. Repeatable; replaces all."),
    click.option("--area", "areas", multiple=True, metavar="CODE", help="An area that they cover. Repeatable."),
)
def put(
    session: Session,
    name: str | None,
    zone: str | None,
    weekend: str,
    offers: tuple[str, ...],
    areas: tuple[str, ...],
    **calendar: Any,
) -> None:
    """Say how your agency is called, when it works, and in short what it offers."""
    me = session.member()
    rows = [_offer(offer) for offer in offers]
    if name and zone:
        days = [int(day) for day in weekend.split(",") if day.strip().isdecimal()]
        me.hub.put("/api/v1/directory/profile", {"name": name, "zone": zone, "weekend": days, **calendar})
    asked = {"offers": rows, "inbox": me.home().entry.inboxes[0], "areas": list(areas)} if rows else {}
    said = me.hub.put("/api/v1/directory/offers", asked) if rows else {"services": []}
    session.tell(said, f"Services put into the service map: {len(rows)}.")


def _offer(text: str) -> dict[str, str]:
    need, _, name = text.partition(":")
    if need not in NEEDS:
        raise InvalidRequest("No such need is in the vocabulary.", todo=f"One of: {', '.join(NEEDS)}.")
    return {"need": need, "name": name or need}


def find(member: Member, query: str) -> list[dict[str, Any]]:
    """Return agencies of the directory whose name, address or a need that they meet holds `query`."""
    listed = member.hub.get("/api/v1/directory")
    names = {row["agency"]: row["name"] for row in listed["agencies"]}
    rows = [
        {
            "agency": name,
            "name": names.get(name, ""),
            "services": listed["offers"].get(name, []),
        }
        for name in dict.fromkeys([*(row["agency"] for row in member.hub.get("/api/v1/agencies")), *names])
    ]
    return [row for row in rows if _holds(row, query)]


def resolve(member: Member, address: str) -> str:
    """Return the full address of an agency that was named in short.

    Raises:
        NotFound: none, or more than one, is called so.
    """
    if address.startswith(words.SCHEME):
        return address
    known = [str(row["agency"]) for row in find(member, "")]
    found = [name for name in known if words.plain(name) == address]
    found = found or [name for name in known if words.plain(name).partition("@")[0] == address]
    if len(found) != 1:
        raise NotFound(
            "No agency, or more than one, is called so.",
            todo="Name it as name@host; see hub agency list, or hub network entry COUNTRY.",
        )
    return found[0]


def _at_desk(session: Session, named: str | None, login: str) -> tuple[Desk, Invitation]:
    invitation = Invitation.from_text(secret_line("Invitation", named))
    return Desk(session.profile, login, session.passphrase(new=True), session.clock), invitation


def _holds(row: dict[str, Any], query: str) -> bool:
    return query.lower() in " ".join(map(str, row.values())).lower()


def _shown(found: TrustedAgency, now: int) -> dict[str, Any]:
    entry = found.entry
    members = [{"member": cert.member, "roles": sorted(cert.roles), "until": cert.until} for cert in found.members(now)]
    about: dict[str, Any] = {
        "agency": entry.agency,
        "kind": entry.kind,
        "country": entry.country,
        "operator": entry.identity.operator,
    }
    trusted = {"trusted": found.how.value, "fingerprint": fingerprint(entry.root), "root": b64u(entry.root)}
    about |= {"deputy": entry.deputy, "old_key_alive": bool(found.old_key)}
    return {**about, **trusted, "duty": list(entry.duty), "epochs": len(entry.enc), "members": members}


def _renew(session: Session, me: Member, value: dict[str, Any] | None = None) -> None:
    from rich.progress import Progress

    with Progress(console=session.console, disable=not session.console.is_terminal, transient=True) as progress:
        bar = progress.add_task("New headers")
        done = epochs.renew(me, lambda done, left: progress.update(bar, completed=done, total=done + left))
    closed = f"{len(done.closed)} packets do not open with any key held here, and stay as they are."
    session.tell(
        {**(value or {}), **asdict(done), "old_key_alive": bool(epochs.old_key(me))},
        f"Epoch {done.epoch} is published; granted to {len(done.granted)} devices; new headers: {done.done}.",
        *([f"{done.frozen} frozen packets wait: run `hub agency renew` when they are free."] if done.frozen else []),
        *([closed] if done.closed else []),
        *_alive(me),
    )


def _renew_after(session: Session, me: Member, value: dict[str, Any]) -> None:
    if me.home().entry.enc and me.roles() & CASE_ROLES:
        _renew(session, me, value)
    else:
        session.tell({**value, "old_key_alive": bool(epochs.old_key(me))}, *_alive(me))


def _alive(me: Member) -> tuple[str, ...]:
    """Return the warning that somebody who left can still open what is sealed now, or nothing."""
    return (_ALIVE,) if epochs.old_key(me) else ()


def _deputy_line(me: Member) -> tuple[str, ...]:
    if me.home().entry.deputy is not None:
        return ("What they held is the deputy's now.",)
    return ("No deputy is named, and what they held waits: run `hub agency deputy`, then this again.",)


def _sheet(sheet: Sheet) -> tuple[str, ...]:
    return (
        "Print this once and keep it apart from this machine; it is shown only now:",
        f"  Recovery code  {sheet.recovery}",
        f"  Device secret  {sheet.device}",
        f"It is {_UNTESTED}",
    )
