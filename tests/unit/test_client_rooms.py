"""What a client is made of: no part of a server, and words for every state and grade there is."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import pytest

import hub.client
from hub.cli import words
from hub.cli.common import _CODES, exit_code
from hub.client.enrol import Invitation
from hub.errors import HubError, Malformed, NotPermitted, PacketError
from hub.freeze.domain import State as Asked
from hub.inquiries.domain import State as Inquired
from hub.keys.pins import How
from hub.packets.encoding import b64u, canonical, from_b64u, parse_json
from hub.referrals.domain import State
from hub.statements.grammar import Grade
from hub.timers.domain import State as Timed
from hub.transfer.cases import ASSUMED, KEPT, NOTICED
from hub.transfer.table import State as Travelled
from tests.support.factories import CERTIFIER_KEYS, hub_signer

INVITATION = Invitation(
    "https://hub.example",
    "hub.example",
    hub_signer().public_key,
    "urn:rcp:agency:shelter@hub.example",
    frozenset({"caseworker"}),
    CERTIFIER_KEYS,
    "a-code-that-is-secret",
)


def test_a_client_loads_no_part_of_a_server():
    names = [f"hub.client.{module.name}" for module in pkgutil.iter_modules(hub.client.__path__)]
    barred = [
        "flask",
        "marshmallow",
        "sqlalchemy",
        "alembic",
        "apscheduler",
        "waitress",
        "hub.settings",
        "hub.db",
        "hub.app",
        "hub.context",
    ]
    told = f"import sys, {', '.join(names)}; print([n for n in {barred!r} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_state_grade_and_trust_has_words():
    known = {state.value for state in (*State, *Asked, *Inquired, *Timed, *Travelled)} | {KEPT, NOTICED, ASSUMED}
    assert known - {"draft"} == set(words.STATES)
    assert {grade.value for grade in Grade} == set(words.GRADES)
    assert {how.value for how in How} == set(words.HOW)


def test_exit_codes_go_by_whose_fault_it_is():
    assert exit_code(Malformed("x")) == exit_code(PacketError("x")) == 3
    assert exit_code(NotPermitted("x")) == 5
    assert exit_code(HubError("x")) == 1
    assert {code for _, code in _CODES} == {2, 3, 4, 5, 6, 7, 8}


def test_an_invitation_reads_back_and_hides_its_code():
    text = INVITATION.to_text()
    assert Invitation.from_text(f"{text[:40]}\n{text[40:]} \n") == INVITATION
    assert INVITATION.code not in repr(INVITATION)


@pytest.mark.parametrize("text", ["", "hello", "e30", INVITATION.to_text()[:-8]])
def test_half_an_invitation_is_none(text):
    with pytest.raises(Malformed):
        Invitation.from_text(text)


def test_times_say_how_far_away_they_are():
    assert words.by_when(None, 0) == ""
    assert words.by_when(1_795_290_000 + 7200, 1_795_290_000).endswith("(in 2 h)")
    assert words.by_when(1_795_290_000, 1_795_290_000 + 3 * 86400).endswith("(3 d late)")


def test_lists_of_an_invitation_are_lists_of_words():
    value = parse_json(from_b64u(INVITATION.to_text()))
    for name in ("roles", "certifiers"):
        for wrong in (1, None, [1], {}):
            with pytest.raises(Malformed):
                Invitation.from_text(b64u(canonical({**value, name: wrong})))
