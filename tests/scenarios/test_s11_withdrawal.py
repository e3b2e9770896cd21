"""S11: a boy of 16 in Athens first agrees to his return, then says no; what was sent is taken back.

The steps of consent: the no, the withdrawal before and after somebody has opened the packet, and what each holder says.
The determination and its appeal come later.
"""

from __future__ import annotations

import pytest

from hub.client import basis as bases
from hub.client import disagreements, reading
from hub.errors import IllegalTransition, NotFound
from hub.handoffs.domain import Recall
from tests.support.scenario import Person, agrees, grant, guardian, says_no
from tests.support.sentences import CHILD_SAID_NO, ended, not_needed

AGENCIES = {
    "guardians": ("ngo", "GR"),
    "panel": ("court_panel", "GR"),
    "legal-aid": ("legal", "GR"),
    "iom-abidjan": ("io", "CI"),
    "clinic": ("health", "CI"),
}
RECORD = ("guardians",)
AGREEMENTS = (("guardians", "CI", "GR"), ("iom-abidjan", "CI", "GR"))

MOUSSA = Person(
    "SYN-CI-100",
    "Moussa Diallo-Syn",
    "unaccompanied",
    "15-17",
    "fr",
    "GR",
    {
        "minimal_contact": {"first_name": "Moussa Diallo-Syn"},
        "identity": {"name": "Moussa Diallo-Syn", "years": 16},
        "child_views": {"said": "at first he wanted to go home-Syn"},
        "bia_bid": {"outcome": "return to his uncle-Syn"},
        "health": {"note": "an old break of the arm-Syn"},
        "legal": {"fear": "his uncle would send him to the mine-Syn"},
        "documents": {"paper": "a copy of the birth record-Syn"},
    },
)
HIS = ("identity", "child_views", "bia_bid", "health")
HIS_GUARDIAN = guardian("SYN-GD-81", "Public prosecutor, Athens")
RETURN = grant("iom-abidjan", "transfer", *HIS, onward=("clinic",))
LAWYER = grant("legal-aid", "legal_aid", "minimal_contact", "documents", "legal")
TO_ABIDJAN = {"to": "iom-abidjan", "purpose": "transfer"}
GROUND = "Archive act, section 7: kept until he is 25."


@pytest.fixture(scope="module")
def agreed(scene):
    """D1: his guardian and Moussa agree that IOM Abidjan may prepare his return."""
    scene.on_day(1)
    return scene.consent("guardians", MOUSSA, HIS_GUARDIAN, agrees("I will go."), RETURN)


@pytest.fixture(scope="module")
def unread(scene, agreed):
    """D1: what is sent to Abidjan lies there, and nobody opens it."""
    return scene.send("guardians", agreed, MOUSSA.part(*HIS), **TO_ABIDJAN)


@pytest.fixture(scope="module")
def said_no(scene, agreed, unread):
    """D2: Moussa is afraid of forced labour, and says no; his no is the next revision of the record."""
    scene.on_day(2)
    no = {**agreed.basis["assent"], **says_no("They will send me to the mine.")}
    return bases.revise(scene.member("guardians"), agreed, {"assent": no})


@pytest.fixture(scope="module")
def withdrawn(scene, said_no):
    """D10: guardian and Moussa take their consent back."""
    scene.on_day(10)
    scene.withdraw("guardians", said_no)
    return bases.load(scene.member("guardians"), said_no.handoff)


def sent_and_opened(scene, folder=None):
    """The variant: another packet on another consent, which Abidjan has opened before it is taken back."""
    held = scene.consent("guardians", MOUSSA, HIS_GUARDIAN, agrees("I will go."), RETURN)
    handoff = scene.send("guardians", held, MOUSSA.part(*HIS), **TO_ABIDJAN)
    assert scene.opens("iom-abidjan", handoff, into=folder) == MOUSSA.part(*HIS)
    return held, handoff


def test_his_no_stops_everything_and_opens_a_disagreement(scene, said_no):
    assert scene.refused("guardians", said_no, MOUSSA.part(*HIS), **TO_ABIDJAN) == [CHILD_SAID_NO]
    (open_one,) = disagreements.listing(scene.member("guardians"))
    assert (open_one.consent, open_one.outcome) == (said_no.handoff, None)


def test_for_his_appeal_the_lawyer_reads_what_is_needed_on_a_consent_of_its_own(scene, said_no):
    held = scene.consent("guardians", MOUSSA, HIS_GUARDIAN, agrees("Help me stay."), LAWYER)
    told = MOUSSA.part("minimal_contact", "documents", "legal")
    sent = scene.send("guardians", held, told, to="legal-aid", purpose="legal_aid", urgency="high")
    assert scene.opens("legal-aid", sent) == told
    assert not_needed("health") in scene.refused(
        "guardians", held, MOUSSA.part("health"), to="legal-aid", purpose="legal_aid"
    )


def test_until_every_hub_has_said_so_a_recall_is_not_called_certain(scene, withdrawn):
    (holder,) = scene.recall("guardians", withdrawn)
    assert holder.custody.recall is Recall.PENDING
    assert "ci.example pending since" in scene.reads("guardians", "consent", "status", withdrawn.handoff)


def test_what_nobody_opened_is_taken_back_for_certain(scene, withdrawn, unread):
    scene.deliver()
    (holder,) = scene.recall("guardians", withdrawn)
    assert (holder.to, holder.custody.recall) == (scene.address("iom-abidjan"), Recall.CERTAIN)
    assert "Recalled for certain: nobody opened it." in scene.reads("guardians", "consent", "status", withdrawn.handoff)
    taken_back = ["consent.withdrawn", "packet.recalled", "packet.recalled"]  # one word of each hub
    for agency in ("guardians", "iom-abidjan"):
        assert scene.ledger(agency, unread) == ["referral.sent", "packet.delivered", "followup.reminder", *taken_back]


def test_abidjan_reads_withdrawn_and_has_opened_nothing(scene, withdrawn, unread):
    scene.deliver()
    assert scene.state("iom-abidjan", unread) == "consent_withdrawn"
    assert "there is nothing to do" in scene.reads("iom-abidjan", "show", unread)
    assert scene.openings("iom-abidjan", unread) == 0
    with pytest.raises(NotFound):
        scene.passes_on("iom-abidjan", unread)


def test_the_hub_in_cote_divoire_has_signed_that_it_holds_no_copy_and_gave_none_out(scene, withdrawn, unread):
    scene.on_day(40)
    copy = scene.copies("guardians", withdrawn)["ci.example"]
    assert copy.destroyed is not None
    assert copy.served is False
    assert all(packet.destroyed for packet in reading.show(scene.member("iom-abidjan"), unread).packets)


def test_after_the_withdrawal_nothing_more_is_sent_on_that_consent(scene, withdrawn):
    assert scene.refused("guardians", withdrawn, MOUSSA.part("identity"), **TO_ABIDJAN) == [
        CHILD_SAID_NO,
        ended(scene.day(10)),
    ]


def test_what_was_opened_can_only_be_asked_back_and_abidjan_erases_it(scene, tmp_path):
    scene.on_day(41)
    held, handoff = sent_and_opened(scene, tmp_path)
    scene.withdraw("guardians", held)
    scene.deliver()
    (holder,) = scene.recall("guardians", held)
    assert holder.custody.recall is Recall.REQUEST
    assert "It was opened. This is a request" in scene.reads("guardians", "consent", "status", held.handoff)
    assert scene.copies("guardians", held)["ci.example"].served is True
    assert [path for path in tmp_path.rglob("*") if path.is_file()] != []
    scene.answers("iom-abidjan", handoff, "erased")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert "the holder erased its copy" in scene.reads("guardians", "consent", "status", held.handoff)
    assert scene.ledger("guardians", handoff)[-1] == "holder.answered"


def test_whoever_must_keep_it_says_by_which_law(scene):
    held, handoff = sent_and_opened(scene)
    scene.withdraw("guardians", held)
    scene.deliver()
    scene.answers("iom-abidjan", handoff, "cannot", GROUND)
    (holder,) = scene.recall("guardians", held)
    assert (holder.custody.answer[0], holder.ground) == ("cannot", GROUND)
    assert GROUND in scene.reads("guardians", "consent", "status", held.handoff)


def test_a_withdrawal_reaches_whoever_got_it_from_abidjan(scene):
    held, handoff = sent_and_opened(scene)
    on = scene.passes_on("iom-abidjan", handoff)
    passed = scene.send("iom-abidjan", on, MOUSSA.part("health"), to="clinic", purpose="transfer", service="clinic")
    assert scene.opens("clinic", passed) == MOUSSA.part("health")
    scene.withdraw("guardians", held)
    scene.deliver()
    scene.answers("iom-abidjan", handoff, "erased")
    assert scene.state("clinic", passed) == "consent_withdrawn"
    scene.answers("clinic", passed, "erased")
    scene.answers("iom-abidjan", handoff, "erased")
    (holder,) = scene.recall("guardians", held)
    assert [(row["to"], row["answer"]) for row in holder.onward] == [(scene.address("clinic"), "erased")]


def test_nobody_is_asked_to_erase_what_was_not_withdrawn(scene):
    _, handoff = sent_and_opened(scene)
    with pytest.raises(IllegalTransition):
        scene.answers("iom-abidjan", handoff, "erased")


def test_a_consent_for_two_recipients_is_taken_back_from_both(scene):
    held = scene.consent("guardians", MOUSSA, HIS_GUARDIAN, agrees("Yes."), RETURN, LAWYER)
    scene.send("guardians", held, MOUSSA.part(*HIS), **TO_ABIDJAN)
    scene.send("guardians", held, MOUSSA.part("legal"), to="legal-aid", purpose="legal_aid")
    scene.withdraw("guardians", held)
    scene.deliver()
    assert {holder.custody.recall for holder in scene.recall("guardians", held)} == {Recall.CERTAIN}


def test_no_hub_learned_a_name_nothing_joins_and_the_logs_verify(scene):
    scene.hubs_know_nothing_of(MOUSSA)
    scene.nothing_joins(*scene.handoffs)
    scene.logs_verify()
