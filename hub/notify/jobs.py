"""Send the notices that are due.

No transaction is open while a mail server is spoken to: claim, send, record. A crash between sending and recording
sends one notice twice, under the same Message-ID; none is lost. Tries wait 1, 2, 4, … minutes, six hours at most, and
end after `MOST_TRIES`, some two days.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hub.auth.store import AccountStore
from hub.notify.links import link_url
from hub.notify.smtp import MailServer, Outcome, compose, mail_server
from hub.notify.store import Notice, Notices
from hub.notify.templates import words

if TYPE_CHECKING:
    from email.message import EmailMessage

    from hub.context import Hub

MOST_TRIES = 16
_log = logging.getLogger(__name__)
_LONGEST = 6 * 3600
_KEEP = 90 * 24 * 3600


def send_notices(hub: Hub) -> int:
    """Send what is due and return how many went out; without a mail server all of it waits."""
    if not hub.settings.smtp:
        return 0
    with hub.database.write() as connection:
        claimed = Notices(connection).claim(hub.clock.now())
    if not claimed:
        return 0
    with mail_server(hub.settings.smtp) as server:
        return sum(_send(hub, server, notice) for notice in claimed)


def purge_notices(hub: Hub) -> int:
    """Delete notices that were done with three months ago."""
    with hub.database.write() as connection:
        return Notices(connection).purge(hub.clock.now() - _KEEP)


def wait_after(tries: int) -> int:
    """Return the seconds between try number `tries` and the next."""
    return int(min(60 * 2 ** min(tries, 12), _LONGEST))


def _send(hub: Hub, server: MailServer | None, notice: Notice) -> bool:
    try:
        mail = _mail(hub, notice)
    except Exception as error:  # noqa: BLE001 - one notice that cannot be written holds no other back
        _log.error("a notice could not be written: %s", type(error).__name__)
        mail = None
    outcome = Outcome.REFUSED if mail is None else Outcome.LATER if server is None else server.send(mail)
    now = hub.clock.now()
    with hub.database.write() as connection:
        rows = Notices(connection)
        if outcome is Outcome.SENT:
            rows.sent(notice, now)
        elif outcome is Outcome.REFUSED:
            rows.give_up(notice, "no_address" if mail is None else "refused")
        elif notice.tries + 1 >= MOST_TRIES:
            rows.give_up(notice, "too_many_tries")
        else:
            rows.later(notice.id, now + wait_after(notice.tries))
    return outcome is Outcome.SENT


def _mail(hub: Hub, notice: Notice) -> EmailMessage | None:
    to = notice.address or _address(hub, notice)
    if to is None:
        return None
    facts: dict[str, str | int] = {**notice.facts, "hub": hub.origin, "url": hub.settings.url}
    if "link" in facts:
        facts["link"] = link_url(hub.signer, hub.settings.url, str(facts["link"]))
    subject, text = words(notice.template, facts, None if notice.address else "en")
    message_id = f"<{notice.id}@{hub.origin.partition(':')[0]}>"
    return compose(sender=hub.settings.mail_from, to=to, subject=subject, text=text, message_id=message_id)


def _address(hub: Hub, notice: Notice) -> str | None:
    with hub.database.read() as connection:
        account = AccountStore(connection).of_member(notice.to_agency, notice.to_member)
    return None if account is None else account.mail
