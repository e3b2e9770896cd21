"""Mail by SMTP: one connection for a batch, time-outs always, and whose fault a refusal was.

Does not know what a notice is about. STARTTLS is used where the server offers it and is not on this machine, and its
certificate must then be good.
"""

from __future__ import annotations

import smtplib
import ssl
from contextlib import contextmanager
from email.message import EmailMessage
from typing import TYPE_CHECKING

from hub.notify.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT = 15.0
_PERMANENT = 500
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class MailServer:
    """An open connection to a mail server."""

    def __init__(self, connection: smtplib.SMTP) -> None:
        self._connection = connection

    def send(self, mail: EmailMessage) -> Outcome:
        """Hand one mail over; REFUSED means that no repetition helps."""
        try:
            self._connection.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _text in error.recipients.values()]
            return Outcome.REFUSED if min(codes) >= _PERMANENT else Outcome.LATER
        except (OSError, ValueError):  # smtplib's own errors are OSErrors; ValueError is an address it cannot write
            return Outcome.LATER
        return Outcome.SENT


@contextmanager
def mail_server(address: str, timeout: float = TIMEOUT) -> Iterator[MailServer | None]:
    """Yield the mail server at `host:port`, or None when it cannot be reached now."""
    connection = _connect(address, timeout)
    try:
        yield None if connection is None else MailServer(connection)
    finally:
        if connection is not None:
            _leave(connection)


def compose(*, sender: str, to: str, subject: str, text: str, message_id: str) -> EmailMessage:
    """Return a plain mail. The same notice has the same Message-ID, so a repetition can be told from a second one."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text)
    return mail


def _connect(address: str, timeout: float) -> smtplib.SMTP | None:
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    connection = None
    try:
        connection = smtplib.SMTP(host, int(port), timeout=timeout)
        connection.ehlo()
        if connection.has_extn("starttls") and host not in _LOOPBACK:
            connection.starttls(context=ssl.create_default_context())
    except (OSError, ValueError):
        if connection is not None:
            connection.close()
        return None
    return connection


def _leave(connection: smtplib.SMTP) -> None:
    try:
        connection.quit()
    except OSError:
        connection.close()
