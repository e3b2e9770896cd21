"""Words about a child are planted everywhere a client takes words, and then searched for in all that two hubs keep.

Both hubs are processes, one on SQLite and one on PostgreSQL, with a mail server and with callers who send rubbish.
"""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from hub.client import basis as bases
from hub.client import opening, proxies, reading, referrals
from hub.client.referrals import Outgoing
from hub.clock import SystemClock
from hub.errors import HubError
from hub.federation.pull import add_peer, pull_all
from hub.keys.certificates import fingerprint
from tests.support.pairs import AWAY, HOME, Founded, found
from tests.support.processes import until
from tests.support.searching import EVERYBODYS, closure, found_in, kept_by, tokens
from tests.support.smtp import mail_server
from tests.support.world import PASSPHRASE, Mailing, World, consent, grant

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.postgres]

NAME, RISK = "Zewditu Canarysson", "fled a smuggler called Falcocanary"
FILE, INSIDE = "canaryphoto.jpg", "pixels of a canaryface"
QUESTION, ANSWER = "Which canaryclinic vaccinated her?", "The one in Canaryville"
OUTCOME, LABEL, EVIDENCE = "reunited with aunt Canaria", "Canary family file 7", "said on the phone by Mr Canarino"
READ = (NAME, RISK, FILE, INSIDE, QUESTION, ANSWER, OUTCOME)
TO_BE_FOUND_NOWHERE = (*READ, LABEL, EVIDENCE, PASSPHRASE)


@dataclass
class Played:
    """What two hubs were left with after a referral went all its way."""

    home: Founded
    away: Founded
    mails: list[bytes]
    child: tuple[str, str]
    opened: list[bytes] = field(default_factory=list)
    secrets: list[bytes] = field(default_factory=list)


@pytest.fixture(scope="module")
def played(postgres_server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("canaries")
    with mail_server() as mailbox, postgres_server.database() as url:
        home, away = found(folder, HOME, "DJ"), found(folder, AWAY, "ET", database=url)
        environment = {"HUB_HURRY": "25", "HUB_SMTP": mailbox.address}
        processes = [home.process(**environment), away.process(**environment), away.process("worker", **environment)]
        try:
            for process in processes:
                process.start()
            hubs = {HOME: Mailing(home.hub, home.url), AWAY: Mailing(away.hub, away.url)}
            stage = World(folder, SystemClock(), hubs=hubs)
            made = Played(home, away, [], ("", ""))
            _play(stage, made, folder)
            until(lambda: len(mailbox.mails) >= 4, "mail")
            made.mails = [bytes(mail) for mail in mailbox.mails]
            yield made
        finally:
            for process in processes:
                process.stop()
            for each in (home, away):
                each.hub.database.close()


def _play(stage: World, made: Played, folder: Path) -> None:
    amina = stage.found(HOME, "shelter", "shelter", "DJ", "amina")
    hana = stage.found(AWAY, "addis", "io", "ET", "hana")
    selam = stage.found(AWAY, "transit", "io", "ET", "selam")
    for mine, other in ((made.home, made.away), (made.away, made.home)):
        add_peer(mine.hub, other.url, fingerprint(other.hub.signer.public_key))
    assert all(pull_all(each.hub) for each in (made.home, made.away))
    photo = folder / FILE
    photo.write_text(INSIDE * 20)
    stage.train(amina, stage.join(amina, "trainer", {"agency_admin"}))
    scope = {"categories": {"minimal_contact", "needs_risk"}, "purpose": "reception"}
    agreed = consent(stage.clock, *(grant(stage.clock, to.agency, **scope) for to in (hana, selam)))
    held = bases.draft(amina, agreed, LABEL, [photo])
    sections = {"minimal_contact": {"name": NAME}, "needs_risk": {"risk": RISK}}
    made.child = tuple(
        referrals.send(amina, Outgoing(to.agency, sections, held, "reception", "urgent", attachments=[photo])).handoff
        for to in (hana, selam)
    )
    for handoff in made.child:
        until(lambda h=handoff: reading.show(amina, h).state == "delivered", "delivery")
    first, second = made.child
    out = folder / "opened"
    made.opened += [
        _said(opening.open_handoff(hana, first, into=out)),
        *(p.read_bytes() for p in out.rglob("*") if p.is_file()),
    ]
    steps = (
        (lambda m, h: referrals.take(m, h, "acknowledge"), hana, amina, "acknowledged"),
        (lambda m, h: referrals.take(m, h, "ask", text=QUESTION), hana, amina, "info_needed"),
        (lambda m, h: referrals.answer(m, h, {"needs_risk": {"clinic": ANSWER}}), amina, hana, "acknowledged"),
        (lambda m, h: referrals.take(m, h, "accept", first_contact="2027-01-01"), hana, amina, "accepted"),
        (lambda m, h: referrals.take(m, h, "start", contact="2027-01-01"), hana, amina, "in_progress"),
        (
            lambda m, h: referrals.take(m, h, "report_outcome", got_help="yes", services=[], text=OUTCOME),
            hana,
            amina,
            "outcome_reported",
        ),
    )
    for step, actor, other, state in steps:
        step(actor, first)
        until(lambda o=other, s=state: reading.show(o, first).state == s, state)
    made.opened += [_said(opening.open_handoff(member, first)) for member in (amina, hana)]
    proxies.report(amina, second, "acknowledge", "phone", EVIDENCE)
    for member in (amina, hana, selam):
        made.secrets += [member.secrets.auth, str(member.hub._token).encode(), member.profile.device.value]
    _rubbish(made, amina)


def _said(packets: list[Any]) -> bytes:
    return "\n".join(json.dumps([p.sections, list(p.attachments)], ensure_ascii=False) for p in packets).encode()


def _rubbish(made: Played, amina: Any) -> None:
    """Send the words where they do not belong: in addresses, headers, wrong bodies, refused packets, to both hubs."""
    plain = NAME.replace(" ", "%20")
    bad = [
        ("GET", f"/api/v1/handoffs/{plain}?name={plain}", None, {}),
        ("GET", f"/{plain}", None, {"User-Agent": NAME, "Referer": f"http://x/{plain}", "X-Name": NAME}),
        ("POST", "/api/v1/sessions", json.dumps({"login": NAME, "auth": QUESTION}).encode(), {}),
        ("POST", "/api/v1/sessions", NAME.encode(), {}),
        (
            "POST",
            "/api/v1/enrolments",
            json.dumps({"login": NAME, NAME: 1}).encode(),
            {"Authorization": f"Bearer {NAME}"},
        ),
        ("POST", "/api/v1/handoffs", _form(statement=NAME, manifest=RISK, body=INSIDE), {}),
        ("POST", "/federation/v1/messages", _form(message=json.dumps({"id": NAME}), body=INSIDE), {}),
        (
            "POST",
            "/federation/v1/messages",
            NAME.encode(),
            {"Content-Type": NAME, "Signature-Input": NAME, "Signature": NAME},
        ),
    ]
    bearer = {"Authorization": f"Bearer {amina.hub._token}"}
    for url in (made.home.url, made.away.url):
        for method, path, body, headers in bad:
            for more in ({}, bearer):
                assert _status(url + path, method, body, {"Content-Type": "application/json"} | more | headers) >= 400
    for path in ("/api/v1/handoffs", f"/api/v1/handoffs/{made.child[0]}/statements"):
        with pytest.raises(HubError):
            amina.hub.post(path, {"statement": NAME, "manifest": {"name": NAME}})


def _form(**parts: str) -> bytes:
    rows = (
        f'--x\r\nContent-Disposition: form-data; name="{n}"; filename="{FILE}"\r\n\r\n{t}\r\n' for n, t in parts.items()
    )
    return ("".join(rows) + "--x--\r\n").encode()


def _status(url: str, method: str, body: bytes | None, headers: dict[str, str]) -> int:
    if body and body.startswith(b"--x"):
        headers["Content-Type"] = "multipart/form-data; boundary=x"
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method), timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        text = error.read()
        assert not [word for word in READ if word.encode() in text]
        return error.code


# Searching


def places(made: Played) -> list[tuple[str, bytes]]:
    kept = [(f"mail {n}", mail) for n, mail in enumerate(made.mails)]
    for each in (made.home, made.away):
        kept += kept_by(each.hub)
    return kept


def test_no_word_about_the_child_is_found_in_anything_that_the_hubs_keep(played):
    kept = places(played)
    names = " ".join(place for place, _ in kept)
    for part in (
        "hub.sqlite",
        "hub.sqlite-wal",
        "serve.log",
        "worker.log",
        "payloads/",
        "et.example packets.",
        "mail 3",
    ):
        assert part in names, f"{part} was not searched"
    words = [word.encode() for word in TO_BE_FOUND_NOWHERE] + [
        b"Canarysson",
        b"canaryface",
        b"Falcocanary",
        b"Canarino",
    ]
    assert found_in(kept, words) == set()


def test_no_secret_of_a_member_is_found_in_anything_that_the_hubs_keep(played):
    assert len(played.secrets) == 9
    assert found_in(places(played), played.secrets) == set()


def test_the_search_would_have_found_them(played):
    opened = b"\n".join(played.opened)
    for word in READ:
        assert found_in([("opened", opened)], [word.encode()]), word
    for word in TO_BE_FOUND_NOWHERE:
        sentence = f"before {word} after".encode()
        hidden = [sentence.hex().encode(), base64.b64encode(sentence), base64.urlsafe_b64encode(b"x" + sentence)]
        assert all(found_in([("there", data)], [word.encode()]) for data in (sentence, *hidden))
    assert found_in(places(played), [played.home.hub.signer.public_key]), "what hubs do keep is found"


# Joining


def test_two_referrals_of_one_child_share_no_value(played):
    """Their rows meet only in what is everybody's: agencies, members, keys, the tree of the log."""
    hubs = [tokens(each.hub) for each in (played.home, played.away)]
    public = set().union(*(values for rows in hubs for table, values in rows if table in EVERYBODYS))
    for rows in hubs:
        private = [values - public for table, values in rows if table not in EVERYBODYS]
        first, second = (closure(private, handoff) for handoff in played.child)
        assert len(first) > 20
        assert len(second) > 20
        assert first & second == set()
        assert second < closure([*private, set(played.child)], played.child[0]), "one row with both would be noticed"
