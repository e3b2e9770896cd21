"""`hub aftercare`: who is to be seen when after arrival, what was found, reviews, closing, keeping and destroying.

What people said comes from files or standard input, never from arguments.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from consent import words as texts
from hub.aftercare import closing as rules
from hub.aftercare import deadlines, observer, visits
from hub.aftercare.benchmarks import Risk, published
from hub.cli import words
from hub.cli.common import FILE, Session, command, read_json, read_text, with_reason
from hub.cli.common import why as why_option
from hub.client import aftercare as cared
from hub.client import cases, closing, due, enrol
from hub.client import visits as entered
from hub.client.profile import write_private

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hub.client.aftercare import Followed, Row
    from hub.client.due import Due
    from hub.client.member import Member

_case = click.argument("case")
_note = click.option("--note", help="A file with what was said; - for stdin. It is sealed.")
_needed = click.option("--why", "note", required=True, help="A file with the reason; - for stdin. It is sealed.")
_risk = click.option("--risk", type=click.Choice([risk.value for risk in Risk]), help="How much could go wrong.")
_set = click.option("--benchmarks", "benchmark", help=f"A set: {', '.join(published())}, or one of your agency's own.")
_lang = click.option("--lang", type=click.Choice(texts.LANGUAGES), default="en", help="The language.")
_until = click.option("--until", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The new day.")


def _on(text: str) -> Callable[[Any], Any]:
    return click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help=f"{text}; today where none is named.")


@click.group()
def aftercare() -> None:
    """After arrival: visits, reviews, closing, keeping and destroying."""


@command(
    aftercare,
    _case,
    click.option("--from", "begins", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The day of the handover."),
    _risk,
    _set,
    click.option("--lead", help="The colleague who answers for the visits, by login; you where none is named."),
    click.option("--country", help="The country whose terms run; else that of origin."),
    click.option("--corridor", help="From where to where, such as DJ-ET, for the share of benchmarks met."),
    click.option("--basis", "bases", multiple=True, help="A consent under which others were asked. Repeatable."),
    why_option,
)
def plan(session: Session, case: str, begins: datetime, lead: str | None, why: str | None, **given: Any) -> None:
    """Begin to follow CASE, by what its file says and what you say; dates are chased from then on."""
    member = session.member()
    known = cared.planned(with_reason(lambda said: cases.load(member, case, said), why).sections)
    said = {name: item for name, item in given.items() if item}
    facts = {"risk": Risk.MEDIUM.value, **known, **said, "lead": lead and enrol.colleague(member, lead)[0].member}
    _tell(session, member, cared.follow(member, case, begins.date(), **facts))


@command(aftercare, _case, _risk, _note, _on("Since when"))
def risk(session: Session, case: str, risk: str | None, note: str | None, on: datetime | None) -> None:
    """Say that the risk of CASE is another one: contacts are planned anew."""
    if risk is None:
        raise click.UsageError("Name the level with --risk.")
    member = session.member()
    _tell(session, member, cared.assess(member, case, risk, _text(note), on.date() if on else None))


@command(
    aftercare,
    click.argument("case", required=False),
    click.option("--days", default=14, type=click.IntRange(0, 800), help="How far ahead; two weeks."),
    name="due",
)
def what_is_due(session: Session, case: str | None, days: int) -> None:
    """List what is due of CASE, or of all cases: contacts, reviews, terms, birthdays; what is overdue first."""
    member = session.member()
    until = cared.today(member) + timedelta(days=days)
    held = [cared.read(member, case)] if case else cared.followed(member)
    rows = [row for one in held for row in due.due(one, until)]
    _table(session, member, sorted(rows, key=lambda row: (row.day, row.case, row.what)))


@command(
    aftercare,
    _case,
    click.option(
        "--at", required=True, type=click.DateTime(), help="When it was, in this machine's zone, however late."
    ),
    click.option("--method", default="visit", type=click.Choice(visits.METHODS)),
    click.option("--place", default="none", type=click.Choice(visits.PLACES)),
    click.option("--who", multiple=True, type=click.Choice(visits.WHO), help="Who was spoken to. Repeatable."),
    click.option("--not-met", is_flag=True, help="Nobody was met: an attempt."),
    click.option("--about", type=click.Choice(["survey", "report"]), help="What the visit was for besides."),
    click.option("--themes", help='A file {"safe": "good", ...}; good, mixed, bad, not_asked.'),
    _note,
)
def visit(session: Session, case: str, at: datetime, note: str | None, **given: Any) -> None:
    """Write down a visit or call under the time when it was. A child that is not safe raises an alert."""
    member = session.member()
    said = {name: given[name] for name in ("method", "place", "who", "about")}
    themes = read_json(given["themes"]) if given["themes"] else None
    when = int(at.astimezone().timestamp())
    row = entered.visit(member, case, when, words=_text(note), met=not given["not_met"], themes=themes, **said)
    _wrote(session, member, row)


@command(
    aftercare,
    click.argument("code"),
    click.option("--at", required=True, type=click.DateTime(), help="When it was sent or ticked."),
    click.option("--evidence", type=FILE, help="A photo or scan of the text or paper."),
)
def sign(session: Session, code: str, at: datetime, evidence: Path | None) -> None:
    """Type in what a local observer sent or ticked: four letters and 1, 2 or 3."""
    member = session.member()
    _wrote(session, member, entered.signal(member, code, int(at.astimezone().timestamp()), evidence))


@command(
    aftercare, _case, click.option("--about", help="A file with one line on it; - for stdin. Else it is asked for.")
)
def alert(session: Session, case: str, about: str | None) -> None:
    """Raise an early warning: the owner and supervisors hear of it at once."""
    member = session.member()
    label = _text(about) or str(click.prompt("About", err=True)).strip()
    timer = entered.alert(member, case, label)
    session.tell({"timer": timer}, f"Alert {timer}. Somebody else acknowledges it: hub timers acknowledge {timer}")


@command(aftercare, _case, click.argument("contact"), _until, _needed)
def put_off(session: Session, case: str, contact: str, until: datetime, note: str) -> None:
    """Say why a CONTACT of CASE is made later, and when."""
    member = session.member()
    _wrote(session, member, entered.excuse(member, case, contact, until.date(), read_text(note)))


@command(
    aftercare,
    _case,
    click.option(
        "--present", multiple=True, required=True, metavar="WHO", help="child or caregiver, worker, supervisor."
    ),
    click.option("--changed", is_flag=True, help="The plan was changed."),
    _note,
    _on("When it was"),
)
def review(
    session: Session, case: str, present: tuple[str, ...], note: str | None, on: datetime | None, *, changed: bool
) -> None:
    """Write down that the plan was reviewed, and with whom."""
    member = session.member()
    day = on.date() if on else cared.today(member)
    _wrote(session, member, entered.review(member, case, day, present, changed=changed, words=_text(note)))


@command(aftercare, _case, _until, _needed)
def extend(session: Session, case: str, until: datetime, note: str) -> None:
    """Put the review off, once, by 14 days at most, as a supervisor."""
    member = session.member()
    _wrote(session, member, entered.extend(member, case, until.date(), read_text(note)))


@command(aftercare, _case, click.argument("event", type=click.Choice(deadlines.events())), _on("When it was"), _note)
def event(session: Session, case: str, event: str, on: datetime | None, note: str | None) -> None:
    """Say what a term runs from, such as `produced` or `ordered`, or that one is done: `done_final_order`."""
    member = session.member()
    _wrote(
        session, member, entered.happened(member, case, event, on.date() if on else cared.today(member), _text(note))
    )


@command(aftercare, click.option("--by", default="case", type=click.Choice(["case", "agency", "corridor"])))
def met(session: Session, by: str) -> None:
    """Show how much of the benchmarks was met, by case, agency or corridor."""
    found = due.shares(session.member(), by)
    rows = [{by: key, "met": one.met, "owed": one.owed, "percent": one.percent} for key, one in found.items()]
    session.table(rows, {by: by.capitalize(), "met": "Met", "owed": "Of", "percent": "Per cent"})


@command(
    aftercare,
    _case,
    click.option("--reason", required=True, type=click.Choice([reason.value for reason in rules.Reason])),
    click.option(
        "--done", "parts", multiple=True, type=click.Choice(rules.PARTS), help="A part of the checklist. Repeatable."
    ),
    click.option("--besides", multiple=True, type=click.Choice(rules.NEEDS), help="What the reason needs. Repeatable."),
    click.option("--early", help="A file that says why before 24 months; - for stdin. It is sealed."),
    click.option("--panel", is_flag=True, help="A panel decided that it ends before 24 months."),
)
def recommend(session: Session, case: str, early: str | None, **given: Any) -> None:
    """Recommend that CASE is closed. Another member, a supervisor, authorises it."""
    member = session.member()
    _wrote(session, member, closing.recommend(member, case, early=_text(early), **given))


@command(aftercare, _case)
def authorise(session: Session, case: str) -> None:
    """Close CASE as somebody else recommended, as a supervisor."""
    member = session.member()
    _wrote(session, member, closing.authorise(member, case))


@command(aftercare, _case)
def archive(session: Session, case: str) -> None:
    """Archive CASE once the visits of the three months after closing were made."""
    member = session.member()
    _wrote(session, member, closing.archive(member, case))


@command(aftercare, _case, _risk, _set, _needed)
def reopen(session: Session, case: str, risk: str | None, benchmark: str | None, note: str) -> None:
    """Open a closed CASE again, with its history. Best interests and consent are asked anew."""
    member = session.member()
    level = risk or Risk.HIGH.value
    _tell(session, member, closing.reopen(member, case, read_text(note), level, benchmark or "standard"))


@command(aftercare, _case, _needed, click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Its last day."))
def hold(session: Session, case: str, note: str, until: datetime | None) -> None:
    """Put a legal hold on CASE: nothing of it is destroyed."""
    member = session.member()
    _wrote(session, member, closing.hold(member, case, read_text(note), until.date() if until else None))


@command(aftercare, _case, click.argument("hold"), _needed)
def lift(session: Session, case: str, hold: str, note: str) -> None:
    """Lift a legal HOLD on CASE, as a data officer."""
    row = closing.lift(session.member(), case, hold, read_text(note))
    session.tell({"record": row.record}, "Lifted.")


@command(aftercare, _case, click.option("--law", required=True, help="The law by which it goes before its time."))
def allow(session: Session, case: str, law: str) -> None:
    """Say, as a data officer, by which law CASE may be destroyed before its time."""
    session.tell({"record": closing.allow(session.member(), case, law).record}, "Written down.")


@command(aftercare, _case, click.option("--yes", is_flag=True, help="Do not ask."))
def destroy(session: Session, case: str, *, yes: bool) -> None:
    """Destroy what the hub keeps of CASE after its time, as a supervisor. Nobody can bring it back."""
    if not yes:
        click.confirm("Destroy this case for good?", abort=True, err=True)
    done = closing.destroy(session.member(), case)
    counts = {"records": len(done.records), "handoffs": len(done.handoffs), "left": list(done.left)}
    lines = [f"Destroyed: {counts['records']} records, {counts['handoffs']} handoffs. Written down as {done.record}."]
    lines += ["Somebody still has to act in these; run it again after that:", *done.left] if done.left else []
    session.tell({"record": done.record, **counts}, *lines)


@command(
    aftercare,
    click.option("--years", required=True, type=click.IntRange(0, 100), help="From closing."),
    click.option("--after-18", "grown", default=0, type=click.IntRange(0, 100), help="And from the 18th birthday."),
    click.option("--country", help="For terms of this country alone."),
)
def keep(session: Session, years: int, grown: int, country: str | None) -> None:
    """Say how long your agency keeps closed cases, as a data officer."""
    record = closing.put_retention(session.member(), years, grown, country)
    session.tell({"record": record}, "Written down.")


@command(aftercare)
def kept(session: Session) -> None:
    """List your agency's closed cases by the day until which they are kept."""
    member = session.member()
    today, rows = cared.today(member), closing.kept(member)
    lines = [
        f"{row.case}  until {row.until}"
        + ("  legal hold" if row.hold else "  not archived" if not row.archived else "")
        + ("  its time has come" if row.until <= today and row.archived and not row.hold else "")
        for row in rows
    ]
    value = [
        {"case": row.case, "until": row.until.isoformat(), "archived": row.archived, "hold": row.hold} for row in rows
    ]
    session.tell({"kept": value}, *(lines or ["No closed case is kept."]))


@command(aftercare, click.argument("name"), click.argument("file"))
def benchmarks(session: Session, name: str, file: str) -> None:
    """Adopt a set of benchmarks of a corridor or network under NAME, out of FILE."""
    session.tell({"record": cared.adopt(session.member(), name, read_json(file))}, "Adopted.")


@command(aftercare, _case)
def show(session: Session, case: str) -> None:
    """Show CASE as it is followed: plan, risk, what happened, what is due, until when it is kept."""
    member = session.member()
    _tell(session, member, cared.read(member, case))


@command(
    aftercare,
    _case,
    _lang,
    click.option("--out", type=FILE, required=True, help="Write the PDF to this file."),
    click.option("--large", is_flag=True, help="Large print."),
)
def observer_form(session: Session, case: str, lang: str, out: Path, *, large: bool) -> None:
    """Print the sheet of the local observer of CASE: no name, no agency, no service."""
    from hub.client.paper import handover

    member = session.member()
    mark = str(cared.read(member, case).facts["mark"])
    write_private(out, handover.observer_form(lang, "", mark, large=large))
    session.tell({"file": str(out), "mark": mark}, f"Written to {escape(str(out))}. Its letters are {mark}.")


@command(
    aftercare, _case, click.argument("kind", type=click.Choice(["call_back", "visit", "remind"])), _lang, why_option
)
def text(session: Session, case: str, kind: str, lang: str, why: str | None) -> None:
    """Show a text that may be sent to the family or observer of CASE: it names no child, agency or service."""
    member = session.member()
    names = cared.names_in(with_reason(lambda said: cases.load(member, case, said), why).sections)
    hidden = [*names, member.agency.rpartition(":")[2].partition("@")[0]]
    said = observer.text(lang, kind, cared.read(member, case).discretion, hidden)
    session.tell({"text": said}, escape(said))


@command(
    aftercare,
    _case,
    click.option("--since", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Its first day."),
    click.option("--note", help="A file with words for the sender; - for stdin."),
    click.option("--out", type=FILE, required=True, help="Write the section to this file."),
)
def report(session: Session, case: str, since: datetime, note: str | None, out: Path) -> None:
    """Write the report on CASE for who sent it, as the section monitoring_plan: codes and days, no single visit."""
    (section,) = due.progress_report(session.member(), case, since.date(), _text(note)).values()
    write_private(out, json.dumps(section, ensure_ascii=False).encode())
    session.tell(
        {"file": str(out), **section["progress"]},
        f"Written to {escape(str(out))}. Its consent is asked when it is sent.",
    )


def _wrote(session: Session, member: Member, row: Row) -> None:
    """Say what was written, let the hub chase what is due now, and show that."""
    held = cared.read(member, str(row.value["case"]))
    due.chase(member, held)
    nearest = next(iter(due.due(held)), None)
    after = f"  next: {_plain(nearest.what)}, {_when(nearest, held.today)}" if nearest else "  nothing is due"
    value = {"record": row.record, "what": row.what, "on": row.value["on"], "entered": row.entered}
    session.tell(value, f"{_plain(row.what).capitalize()} of {row.value['on']}: {row.record}", after)


def _tell(session: Session, member: Member, held: Followed) -> None:
    due.chase(member, held)
    kept, rows, holds = closing.kept_until(member, held), due.due(held), closing.holds(member, held.case)
    day = held.today
    state = "archived" if held.archived else "closed" if held.closure else "open"
    value = {
        "case": held.case,
        "state": state,
        "risk": held.plan.risk.value,
        "benchmarks": held.plan.benchmarks.name,
        "mark": held.facts["mark"],
        "kept_until": kept.isoformat() if kept else None,
        "holds": [row.record for row in holds],
        "due": [_value(row) for row in rows],
        "rows": [{"what": row.what, "on": row.value["on"], "entered": row.entered, "by": row.by} for row in held.rows],
    }
    lines = [f"{held.case}: {state}, {held.plan.risk} risk, benchmarks {_plain(held.plan.benchmarks.name)}"]
    lines += [f"  kept until {kept}"] if kept else []
    lines += [f"  legal hold {row.record}" for row in holds]
    lines += [f"  {_plain(row.what)}: {_when(row, day)}" for row in rows]
    themes = visits.prompts(len(held.visits) + 1, exploited=held.facts["exploited"])
    lines += [] if held.archived else [f"  ask next time: {', '.join(map(_plain, themes))}"]
    session.tell(value, *map(escape, [*lines, *_history(held)]))


def _history(held: Followed) -> list[str]:
    """Return what happened, by its true day; where it was entered later, that day too."""
    rows = sorted(held.rows, key=lambda row: (row.value["on"], row.entered))
    return [f"  {row.value['on']}  {_plain(row.what)}{_late(row)}" for row in rows]


def _late(row: Row) -> str:
    day = datetime.fromtimestamp(row.entered, UTC).date()
    return f", entered {day}" if day > row.on else ""


def _table(session: Session, member: Member, rows: list[Due]) -> None:
    day = cared.today(member)
    columns = {"case": "Case", "what": "What", "day": "When"}
    whens = {(row.case, row.what, row.day.isoformat()): _when(row, day) for row in rows}
    session.table(
        [_value(row) for row in rows],
        columns,
        what=lambda row: _plain(row["what"]),
        day=lambda row: whens[row["case"], row["what"], row["day"]],
    )


def _value(row: Due) -> dict[str, Any]:
    return {
        "case": row.case,
        "what": row.what,
        "day": row.day.isoformat(),
        "overdue": row.overdue,
        "alert": row.alert,
        "missed": row.missed,
    }


def _when(row: Due, today: date) -> str:
    """Return a day in plain words: how near or far it is, and its date."""
    days = (row.day - today).days
    near = {0: "today", 1: "tomorrow", -1: "since yesterday"}.get(days)
    far = f"in {days} days" if days > 0 else f"overdue for {-days} days"
    missed = f", {row.missed} missed" if row.missed > 1 else ""
    return f"{row.day} ({near or far}{missed}){', ALERT' if row.alert else ''}"


def _plain(code: str) -> str:
    return words.plain(code.replace("_", " "))


def _text(named: str | None) -> str | None:
    return None if named is None else read_text(named).strip()
