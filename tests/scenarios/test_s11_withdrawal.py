"""S11: a boy of 16 in Athens first agrees to his return, then says no, appeals, and stays.

The determination and the offer to Abidjan; his no, the appeal that stops everything, the withdrawal before and after
somebody has opened the packet, and what each holder says; the second determination, the halt, and the care that he
needs instead.
"""

from __future__ import annotations

import pytest

from hub.casefile.gates import words
from hub.client import basis as bases
from hub.client import cases, disagreements, gates, reading, register, timers, transfer_steps, transfers
from hub.client.judging import Purpose, journey
from hub.errors import IllegalTransition, InvalidRequest, NotFound
from hub.handoffs.domain import Recall
from tests.support import case_files as forms
from tests.support.chronicle import chronicle
from tests.support.scenario import Person, agrees, grant, guardian, says_no
from tests.support.sentences import CHILD_SAID_NO, ended, not_needed
from tests.support.transfers import accepts, blocked, file_of, keeps_quiet, opens_case, proposes, says, second, writes
from tests.support.transfers import travel as way

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
RETURN_HOME = Purpose("return", final=False, return_mode="assisted_voluntary")
"""To Abidjan, where IOM prepares the last part of the way."""
OFFERED = ["transfer.proposed", "search.sealed", "packet.delivered"]
PLANNED = 60
"""The day on which he would leave."""


def as_decided(scene):
    """His file on D0: the panel has determined that he returns to his uncle, by way of Abidjan."""
    told = file_of(scene, MOUSSA)
    day = scene.day(0)
    place = {"kind": "reception_centre", "from": scene.day(PLANNED), "carer": "IOM-Syn", "accepted": True}
    sections = {
        "minimal_contact": told["minimal_contact"],
        "identity": forms.identity(MOUSSA.name, 2008, "male", "CI", "fr"),
        "child_views": {**forms.views("I will go-Syn", day, "fr"), "wants_return": {"answer": "yes", "on": day}},
        "bia_bid": {
            "v": 1,
            "bia": [forms.bia("bia1", "unaccompanied", day)],
            "bid": forms.bid("bid1", "return", day, "GR", coo=["coo1"]),
            "refoulement": forms.screen(day),
            "return_mode": "assisted_voluntary",
        },
        "coo_home_study": {"v": 1, "coo": [forms.coo("coo1", day, "CI", "Abidjan-Syn")]},
        "family_links": forms.kin("uncle", "uncle", day),
        "health": {"v": 1, "treatment_needed": False},
        "care_guardianship": {**told["care_guardianship"], "next_placement": place},
    }
    keeps_quiet(scene, sections)
    return sections


def asked(scene, on):
    """What is offered to Abidjan on a consent."""
    plan = way(scene, PLANNED)
    return {"to": "iom-abidjan", "on": on, "sections": HIS, "purpose": RETURN_HOME, "plan": plan, "urgency": "routine"}


def known_of(scene, case, leg):
    """What the gates are told of his way, before he leaves."""
    told = RETURN_HOME.to_value("unaccompanied")
    to, shown = scene.address("iom-abidjan"), reading.show(scene.member("guardians"), leg)
    return journey(scene.member("guardians"), told, leg, to, shown, disagreement=False)


def without_ladder(words_of_log):
    return [word for word in words_of_log if not word.startswith("followup.")]


@pytest.fixture(scope="module")
def opened(scene):
    """D0: the panel determines his return; the guardians open his case."""
    scene.on_day(0)
    return opens_case(scene, "guardians", as_decided(scene))


@pytest.fixture(scope="module")
def agreed(scene, opened):
    """D1: his guardian and Moussa agree that IOM Abidjan may prepare his return."""
    scene.on_day(1)
    return scene.consent("guardians", MOUSSA, HIS_GUARDIAN, agrees("I will go."), RETURN)


@pytest.fixture(scope="module")
def unread(scene, opened, agreed):
    """D1: his case is offered to Abidjan, and lies there; nobody opens it."""
    return proposes(scene, "guardians", opened, **asked(scene, agreed))


@pytest.fixture(scope="module")
def as_accepted(scene, unread):
    """The variant, told beside it on D1: Abidjan has fetched the packet and accepted him."""
    case = opens_case(scene, "guardians", as_decided(scene))
    held = scene.consent("guardians", MOUSSA, HIS_GUARDIAN, agrees("I will go."), RETURN)
    leg = proposes(scene, "guardians", case, **asked(scene, held))
    says(scene, "iom-abidjan", leg, "transfer.acknowledge")
    accepts(scene, "iom-abidjan", leg, way(scene, PLANNED))
    return case, held, leg


@pytest.fixture(scope="module")
def said_no(scene, agreed, opened, as_accepted):
    """D2: Moussa is afraid of forced labour, and says no; his no is the next revision of the record."""
    scene.on_day(2)
    told = file_of(scene, MOUSSA)
    dispute = {name: value for name, value in told["bia_bid"]["disputes"][0].items() if name != "settled"}
    for case in (opened, as_accepted[0]):
        writes(scene, "guardians", case, "bia_bid", disputes=[dispute])
        writes(scene, "guardians", case, "child_views", wants_return=told["child_views"]["wants_return"])
    no = {**agreed.basis["assent"], **says_no("They will send me to the mine.")}
    return bases.revise(scene.member("guardians"), agreed, {"assent": no})


@pytest.fixture(scope="module")
def appealed(scene, said_no, opened, unread, as_accepted):
    """D9: the appeal is filed; the supervisor stops what is under way, and the last day of the appeal is chased."""
    scene.on_day(9)
    case, _held, leg = as_accepted
    filed = {"filed": scene.day(9), "body": "appeal body-Syn", "until": scene.day(45)}
    told = {"stage": "the appeal, and what may come of it", "on": scene.day(9), "language": "fr", "format": "talk"}
    for one in (opened, case):
        writes(scene, "guardians", one, "bia_bid", appeal=filed)
        writes(scene, "guardians", one, "child_views", told=[told])
    for one in (unread, leg):
        transfer_steps.take(second(scene, "guardians"), one, "freeze", text="An appeal was filed-Syn")
    member = scene.member("guardians")
    about = timers.About("Decision on the appeal", opened.record, "appeal")
    timers.set_timer(member, about, timers.calendar(member).end_of(scene.date(45)))
    scene.deliver()
    return filed


@pytest.fixture(scope="module")
def withdrawn(scene, appealed, said_no):
    """D10: guardian and Moussa take their consent back."""
    scene.on_day(10)
    scene.withdraw("guardians", said_no)
    return bases.load(scene.member("guardians"), said_no.handoff)


@pytest.fixture(scope="module")
def stays(scene, withdrawn, opened, unread, as_accepted):
    """D40: the appeal is upheld, the panel determines anew: he stays. The return is halted, on each leg."""
    scene.on_day(40)
    later = file_of(scene, MOUSSA)["bia_bid"]
    named = ("bid", "earlier_bids", "refoulement", "disputes", "appeal", "halt")
    for case, leg in ((opened, unread), (as_accepted[0], as_accepted[2])):
        writes(scene, "guardians", case, "bia_bid", **{name: later[name] for name in named})
        boss = second(scene, "guardians")
        transfer_steps.take(boss, leg, "unfreeze", text="The appeal was upheld-Syn")
        transfer_steps.halt(boss, leg, "He stays: his return is not in his best interests-Syn", why="The appeal")
        scene.deliver()
    return opened


def sent_and_opened(scene, folder=None):
    """The variant: another packet on another consent, which Abidjan has opened before it is taken back."""
    held = scene.consent("guardians", MOUSSA, HIS_GUARDIAN, agrees("I will go."), RETURN)
    handoff = scene.send("guardians", held, MOUSSA.part(*HIS), **TO_ABIDJAN)
    assert scene.opens("iom-abidjan", handoff, into=folder) == MOUSSA.part(*HIS)
    return held, handoff


def test_the_panel_has_determined_and_the_guardians_in_athens_are_responsible(scene, opened):
    held = register.who_holds(scene.member("guardians"), opened.record)
    assert (held.holder, held.acting) == (scene.address("guardians"), (scene.address("guardians"),))
    assert scene.ledger("guardians", opened.case) == ["case.opened"]


def test_whoever_weighs_his_views_says_why(scene, opened):
    day = scene.day(0)
    unreasoned = {"topic": "return", "weight": "little"}
    with pytest.raises(InvalidRequest):
        writes(
            scene, "guardians", opened, "child_views", views=[{"id": "v2", "words": "No-Syn", "on": day, **unreasoned}]
        )
    with pytest.raises(InvalidRequest):
        writes(scene, "guardians", opened, "bia_bid", bid={"views": [unreasoned]})


def test_no_gate_stops_an_offer_that_he_wants_and_a_panel_decided(scene, unread):
    assert sorted(scene.ledger("guardians", unread)) == sorted(OFFERED)
    assert scene.state("iom-abidjan", unread) == "delivered"


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


def test_in_his_file_stand_his_no_and_who_supports_him_and_no_gate_lets_him_leave(scene, said_no, as_accepted):
    case, _held, leg = as_accepted
    (dispute,) = cases.load(scene.member("guardians"), case.record).sections["bia_bid"]["disputes"]
    assert (dispute["by"], dispute["support_worker"]) == ("child", "somebody-Syn")
    assert "R26" in blocked(lambda: transfers.depart(scene.member("guardians"), leg, way(scene, PLANNED)))
    assert scene.state("iom-abidjan", leg) == "accepted"


def test_while_the_appeal_is_open_nobody_travels_and_nobody_can_lift_that(scene, appealed, as_accepted):
    case, _held, leg = as_accepted
    guardians = scene.member("guardians")
    assert "R26" in blocked(lambda: transfers.depart(guardians, leg, way(scene, PLANNED)))
    asked_for = gates.check(guardians, case.record, "depart", known_of(scene, case, leg))
    line = next(row for row in words.checklist(asked_for) if row.gate == "R26")
    assert line.who == "Nobody can lift this."
    assert f"Appeal until: {scene.day(45)}." in line.why
    said = {"gate": "R26", "leg": leg, "begins": scene.day(9), "ends": scene.day(60)}
    with pytest.raises(InvalidRequest):
        gates.approve(second(scene, "guardians"), case.record, {**said, "reason": "The flight is booked already-Syn"})


def test_what_stands_still_moves_for_no_client_that_was_changed(scene, appealed, as_accepted):
    """Both hubs have the signed stop: a departure that skips the gates is refused as well."""
    leg = as_accepted[2]
    assert scene.ledger("guardians", leg)[-1] == scene.ledger("iom-abidjan", leg)[-1] == "case.frozen"
    before = next(
        x.statement for x in reading.show(scene.member("guardians"), leg).lines if "verdict" in x.statement.body
    )
    plan = way(scene, PLANNED).to_value()
    with pytest.raises(IllegalTransition):
        says(scene, "guardians", leg, "transfer.depart", plan=plan, verdict={**before.body["verdict"]})
    assert scene.state("iom-abidjan", leg) == "frozen"


def test_until_every_hub_has_said_so_a_recall_is_not_called_certain(scene, withdrawn):
    (holder,) = scene.recall("guardians", withdrawn)
    assert holder.custody.recall in {Recall.PENDING, Recall.CERTAIN}
    told = scene.reads("guardians", "consent", "status", withdrawn.handoff)  # the hubs go on while somebody reads
    assert ("Recalled for certain" in told) == ("ci.example, destroyed" in told)
    assert ("ci.example pending since" in told) != ("ci.example, destroyed" in told)


def test_what_nobody_opened_is_taken_back_for_certain(scene, withdrawn, unread):
    scene.deliver()
    (holder,) = scene.recall("guardians", withdrawn)
    assert (holder.to, holder.custody.recall) == (scene.address("iom-abidjan"), Recall.CERTAIN)
    assert "Recalled for certain: nobody opened it." in scene.reads("guardians", "consent", "status", withdrawn.handoff)
    taken_back = ["consent.withdrawn", "packet.recalled", "packet.recalled"]  # one word of each hub
    for agency in ("guardians", "iom-abidjan"):
        said = without_ladder(scene.ledger(agency, unread))
        assert (sorted(said[:3]), said[3:]) == (sorted(OFFERED), ["case.frozen", *taken_back])


def test_abidjan_reads_withdrawn_and_has_opened_nothing(scene, withdrawn, unread):
    scene.deliver()
    shown = scene.reads("iom-abidjan", "show", unread)
    assert "Consent was withdrawn" in shown
    assert "there is nothing to do" in shown
    assert scene.state("iom-abidjan", unread) == "frozen"  # and the appeal is open still
    assert scene.openings("iom-abidjan", unread) == 0
    with pytest.raises(NotFound):
        scene.passes_on("iom-abidjan", unread)


def test_the_hub_in_cote_divoire_has_signed_that_it_holds_no_copy_and_gave_none_out(scene, withdrawn, unread):
    scene.deliver()
    copy = scene.copies("guardians", withdrawn)["ci.example"]
    assert copy.destroyed is not None
    assert copy.served is False
    assert all(packet.destroyed for packet in reading.show(scene.member("iom-abidjan"), unread).packets)


def test_had_abidjan_accepted_him_it_is_asked_and_says_what_it_did(scene, withdrawn, as_accepted):
    """The variant: what was fetched can only be asked back; what he would be searched by stays locked meanwhile."""
    _case, held, leg = as_accepted
    scene.withdraw("guardians", held)
    scene.deliver()
    (holder,) = scene.recall("guardians", held)
    assert holder.custody.recall is Recall.REQUEST
    assert "It was opened. This is a request" in scene.reads("guardians", "consent", "status", held.handoff)
    scene.answers("iom-abidjan", leg, "erased")
    assert scene.ledger("guardians", leg)[-1] == "holder.answered"


def test_after_the_withdrawal_nothing_more_is_sent_on_that_consent(scene, withdrawn):
    assert scene.refused("guardians", withdrawn, MOUSSA.part("identity"), **TO_ABIDJAN) == [
        CHILD_SAID_NO,
        ended(scene.day(10)),
    ]


def test_the_appeal_is_upheld_and_the_return_is_halted_on_every_leg(scene, stays, unread, as_accepted):
    for leg in (unread, as_accepted[2]):
        for agency in ("guardians", "iom-abidjan"):
            decided = {"case.unfrozen", "case.halted"}  # what hubs say of their copies comes when they have said it
            assert [word for word in scene.ledger(agency, leg) if word in decided] == ["case.unfrozen", "case.halted"]
            assert scene.state(agency, leg) == "cancelled"
    told = cases.load(scene.member("guardians"), stays.record).sections["bia_bid"]
    assert (told["bid"]["outcome"], told["appeal"]["outcome"]) == ("local_integration", "upheld")


def test_abidjan_holds_no_copy_not_even_what_he_would_have_been_searched_by(scene, stays, unread, as_accepted):
    scene.deliver()
    for leg in (unread, as_accepted[2]):
        sent = [
            x
            for x in reading.show(scene.member("iom-abidjan"), leg).packets
            if x.manifest.to == scene.address("iom-abidjan")
        ]
        assert sent
        assert all(packet.destroyed for packet in sent)


def test_his_guardians_stay_responsible_and_care_where_he_is_becomes_their_task(scene, stays):
    guardians = scene.member("guardians")
    assert register.who_holds(guardians, stays.record).holder == scene.address("guardians")
    due = {one.about.rule: one for one in timers.listing(guardians, case=stays.record)}
    assert set(due) == {"appeal", "alternative_care"}
    assert due["alternative_care"].about.label == "A halted transfer: plan other care."
    place = {"kind": "foster", "from": scene.day(50), "carer": "a family in Kypseli-Syn", "accepted": True}
    writes(scene, "guardians", stays, "care_guardianship", next_placement=place)
    writes(scene, "guardians", stays, "child_views", told=[{"stage": "he stays, and where", "on": scene.day(40)}])
    for one in due.values():
        timers.done(guardians, one.handoff, "Told him in French-Syn")
    assert timers.listing(guardians, case=stays.record) == []


def test_his_whole_ledger_stands_at_the_desk_of_his_guardians_in_its_order(scene, stays, unread):
    told = chronicle(scene, MOUSSA, ("guardians", stays), ("guardians", unread))
    chain = ["bid.recorded", "consent.granted", "transfer.proposed", "bid.disputed", "appeal.filed", "case.frozen"]
    chain += ["consent.withdrawn", "packet.recalled", "appeal.decided", "bid.recorded", "case.unfrozen", "case.halted"]
    rest = iter(told)
    assert all(word in rest for word in chain), told


def test_no_new_offer_brings_him_back_to_what_was_halted(scene, stays):
    held = scene.consent("guardians", MOUSSA, HIS_GUARDIAN, agrees("Yes."), RETURN)
    stopped = blocked(lambda: proposes(scene, "guardians", stays, **asked(scene, held)))
    assert {"R21", "R23", "R26"} <= set(stopped)


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
