"""Send the notices that are due, and ask what became of texts.

No transaction is open while a mail server or a gateway is spoken to: claim, send, record. A crash between sending and
recording sends one notice twice, a mail under the same Message-ID; none is lost. Tries wait 1, 2, 4, … minutes, six
hours at most, and end after `MOST_TRIES`, some two days.
"""

from __future__ import annotations

import logging
from contextlib import closing
from typing import TYPE_CHECKING

from hub.auth.store import AccountStore
from hub.notify.choices import Channel, Choice, Choices
from hub.notify.inbound import InboundTexts
from hub.notify.links import link_url
from hub.notify.outcome import LATER, REFUSED, Fate, Handed, Outcome
from hub.notify.sms import gateway_of
from hub.notify.smtp import MailServer, compose, mail_server
from hub.notify.store import Notice, Notices
from hub.notify.templates import short_words, words
from hub.notify.undelivered import take_report, undelivered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from email.message import EmailMessage

    from hub.context import Hub
    from hub.notify.sms import Gateway

MOST_TRIES = 16
_log = logging.getLogger(__name__)
_LONGEST = 6 * 3600
_KEEP = 90 * 24 * 3600
_NO_ADDRESS = Handed(Outcome.REFUSED, reason="no_address")
_NOT_WANTED = Handed(Outcome.REFUSED, reason="not_wanted")


def send_notices(hub: Hub) -> int:
    """Send what is due and return how many went out; what there is no way to send waits."""
    gateway = gateway_of(hub.settings)
    ways = ([Channel.MAIL] if hub.settings.smtp else []) + ([Channel.SMS] if gateway else [])
    if not ways:
        return 0
    with hub.database.write() as connection:
        claimed = Notices(connection).claim(hub.clock.now(), ways)
    mails = [notice for notice in claimed if notice.channel is Channel.MAIL]
    done = _send_mails(hub, mails) if mails else 0
    if gateway is not None:
        with closing(gateway):
            done += sum(_text(hub, gateway, notice) for notice in claimed if notice.channel is Channel.SMS)
    return done


def ask_gateway(hub: Hub) -> int:
    """Ask a gateway that does not call us what became of texts; return how many fates are known now."""
    gateway = gateway_of(hub.settings)
    if gateway is None:
        return 0
    with closing(gateway):
        if not gateway.ask_after:
            return 0
        with hub.database.write() as connection:
            claimed = Notices(connection).to_ask_about(hub.clock.now())
        return sum(_ask(hub, gateway, notice) for notice in claimed)


def purge_notices(hub: Hub) -> int:
    """Delete notices that were done with, and texts that came, three months ago."""
    before = hub.clock.now() - _KEEP
    with hub.database.write() as connection:
        return Notices(connection).purge(before) + InboundTexts(connection).purge(before)


def wait_after(tries: int) -> int:
    """Return the seconds between try number `tries` and the next."""
    return int(min(60 * 2 ** min(tries, 12), _LONGEST))


def _send_mails(hub: Hub, mails: Sequence[Notice]) -> int:
    with mail_server(hub.settings.smtp) as server:
        return sum(_mail(hub, server, notice) for notice in mails)


def _mail(hub: Hub, server: MailServer | None, notice: Notice) -> bool:
    def hand() -> Handed:
        mail = _written(hub, notice, choice)
        if mail is None:
            return _NO_ADDRESS
        return LATER if server is None else Handed(server.send(mail))

    choice = _choice(hub, notice)
    return _settle(hub, notice, choice, hand)


def _text(hub: Hub, gateway: Gateway, notice: Notice) -> bool:
    def hand() -> Handed:
        number = choice.phone if choice else notice.address
        language = choice.language if choice else notice.language
        if number is None:
            return _NO_ADDRESS
        return gateway.send(number, short_words(notice.template, notice.facts, language), notice.id)

    choice, now = _choice(hub, notice), hub.clock.now()
    quiet = None if choice is None or notice.emergency else choice.quiet_until(now)
    if quiet is None:
        return _settle(hub, notice, choice, hand, _next_ask(gateway, now, now))
    with hub.database.write() as connection:
        Notices(connection).rest(notice, quiet)
    return False


def _settle(
    hub: Hub, notice: Notice, choice: Choice | None, hand: Callable[[], Handed], ask_at: int | None = None
) -> bool:
    """Hand a notice over, unless the member no longer wants this channel, and record what became of it."""
    try:
        done = _NOT_WANTED if choice is not None and notice.channel not in choice.channels else hand()
    except Exception as error:  # noqa: BLE001 - one notice that cannot be written holds no other back
        _log.error("a notice could not be written: %s", type(error).__name__)
        done = REFUSED
    now = hub.clock.now()
    with hub.database.write() as connection:
        rows = Notices(connection)
        if done.outcome is Outcome.SENT:
            rows.sent(notice, now, reference=done.reference, ask_at=ask_at)
        elif done.outcome is Outcome.REFUSED:
            undelivered(connection, hub.origin, notice, done.reason, now)
        elif notice.tries + 1 >= MOST_TRIES:
            undelivered(connection, hub.origin, notice, "too_many_tries", now)
        else:
            rows.later(notice.id, now + wait_after(notice.tries))
    return done.outcome is Outcome.SENT


def _ask(hub: Hub, gateway: Gateway, notice: Notice) -> int:
    fate, now = gateway.fate(notice.reference or ""), hub.clock.now()
    with hub.database.write() as connection:
        if fate is None:
            Notices(connection).ask_again(notice, _next_ask(gateway, notice.sent_at or now, now))
        else:
            take_report(connection, hub.origin, notice.reference or "", Fate(fate), now)
    return int(fate is not None)


def _next_ask(gateway: Gateway, sent_at: int, now: int) -> int | None:
    return next((sent_at + after for after in gateway.ask_after if sent_at + after > now), None)


def _choice(hub: Hub, notice: Notice) -> Choice | None:
    """Return how a member wants to be told, or None where it goes outside."""
    if not notice.to_member:
        return None
    with hub.database.read() as connection:
        return Choices(connection).of(notice.to_agency, notice.to_member)


def _written(hub: Hub, notice: Notice, choice: Choice | None) -> EmailMessage | None:
    to = notice.address or _address(hub, notice)
    if to is None:
        return None
    facts: dict[str, str | int] = {**notice.facts, "hub": hub.origin, "url": hub.settings.url}
    if "link" in facts:
        facts["link"] = link_url(hub.signer, hub.settings.url, str(facts["link"]))
    subject, text = words(notice.template, facts, choice.language if choice else notice.language)
    message_id = f"<{notice.id}@{hub.origin.partition(':')[0]}>"
    return compose(sender=hub.settings.mail_from, to=to, subject=subject, text=text, message_id=message_id)


def _address(hub: Hub, notice: Notice) -> str | None:
    with hub.database.read() as connection:
        account = AccountStore(connection).of_member(notice.to_agency, notice.to_member)
    return None if account is None else account.mail
