"""What a peer says of its agencies' months counts only as far as the agencies signed it, and nothing small is in it."""

from __future__ import annotations

import pytest

from hub.federation.counts import COUNTS, pull_counts, told_counts
from hub.federation.pull import pull_all
from hub.federation.store import Peers
from hub.packets.dsse import sign_envelope
from hub.packets.encoding import canonical
from hub.reports.document import COUNTS_TYPE, Counts, rows_value, sign_counts
from hub.reports.store import ReportStore, report_counts
from hub.reports.suppression import suppress
from tests.support.counting import MONTH, careless, facts
from tests.support.factories import NOW, Agency

THERE = "there.example"


@pytest.fixture
def counter(scene):
    """A coordinator of the agency abroad, whom this hub knows."""
    member = scene.their_agency.member("coordinator", "coordinator")
    scene.peer.publish(member.envelope)
    pull_all(scene.hub)
    return member


def publish(scene, *documents, **said):
    rows = []
    for document in documents:
        value = document.value
        rows.append({"agency": value["agency"], "month": value["month"], "hash": document.hash, **said})
        scene.peer.files[f"{COUNTS}/{document.hash}"] = document.to_bytes()
    scene.peer.files[COUNTS] = canonical({"counts": rows})


def signed(signer, agency, seed=1, month=MONTH):
    return sign_counts(Counts(agency, month, NOW, suppress(facts(seed, 200, month))), signer)


def test_a_document_is_taken_once_and_the_first_one_stays(scene, counter):
    first, other = (signed(counter.signer, counter.agency, seed) for seed in (1, 2))
    publish(scene, first)
    assert (pull_counts(scene.hub), pull_counts(scene.hub)) == (1, 0)
    publish(scene, other)
    assert pull_counts(scene.hub) == 0
    with scene.hub.database.read() as connection:
        assert ReportStore(connection).published(counter.agency, MONTH) == first.to_bytes()
    assert told_counts(scene.hub) == canonical({"counts": []})  # a peer's are not passed on


def test_what_the_agency_did_not_sign_is_left_out_and_spoils_nothing(scene, counter):
    tells = {"v": 1, "agency": counter.agency, "month": "2026-02", "policy": "2026-11", "at": NOW}
    lies = (
        signed(scene.peer.key, counter.agency),  # by the peer itself
        signed(scene.theirs.signer, counter.agency, month="2026-04"),  # by a caseworker
        sign_envelope(COUNTS_TYPE, {**tells, "rows": rows_value(careless(facts(3, 200)))}, [counter.signer]),
    )
    good = signed(counter.signer, counter.agency, month="2026-03")
    publish(scene, *lies, good)
    assert pull_counts(scene.hub) == 1
    assert [row.month for row in scene.rows(report_counts)] == ["2026-03"]


def test_a_peer_speaks_of_its_own_agencies_alone_and_of_what_it_says(scene, counter):
    ours = Agency("shelter", "here.example")
    publish(scene, signed(ours.member("amina").signer, ours.agency))
    assert pull_counts(scene.hub) == 0
    publish(scene, signed(counter.signer, counter.agency), month="2026-01")
    assert pull_counts(scene.hub) == 0


@pytest.mark.parametrize(
    "answer", [b"", b"{}", b'{"counts":[{}]}', b'{"counts":[{"agency":"x","hash":"","month":""}]}']
)
def test_an_answer_that_is_no_list_changes_nothing(scene, counter, answer):
    scene.peer.files[COUNTS] = answer
    assert pull_counts(scene.hub) == 0
    with scene.hub.database.read() as connection:
        assert Peers(connection).get(THERE).host == THERE
    assert scene.rows(report_counts) == []
