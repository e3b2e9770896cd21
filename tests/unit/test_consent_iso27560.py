"""Records and receipts of consent as ISO/IEC TS 27560 lists them, in the words of DPV, and back again."""

from __future__ import annotations

import csv
import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent import record
from consent.basis import BasisError, schema
from consent.decide import Permit, decide
from consent.formats.iso27560 import MANDATORY, receipt_to_iso, record_from_iso, record_to_iso
from tests.support import consents as c

TABLE = Path(record.__file__).parents[2] / "shared" / "domain" / "iso27560-fields-dpv-mapping.csv"
CONTROLLER = {
    "agency": c.OWN,
    "name": "SYN Shelter",
    "contact": "dp@dj.example",
    "address": "Obock",
    "jurisdiction": "DJ",
}
NOTICE = {"id": "notice-referral", "version": "1", "sha256": c.HASH}


def full(**more: Any) -> dict[str, Any]:
    """A record that leaves nothing open."""
    rows = (
        c.grant(c.ADDIS, "identity", "mhpss", turned_on=["mhpss"], onward=[c.SCHOOL.agency]),
        c.grant(c.CLINIC, "health", purpose="medical_care"),
    )
    known = {"controllers": [CONTROLLER], "informing": {"notice": NOTICE}, "denials": [{"party": "the father"}]}
    return c.consent(*rows, **{**known, **more})


def test_every_mandatory_field_of_the_standard_is_in_a_record_and_a_receipt() -> None:
    assert record_to_iso(full())["rcp:incomplete"] == []
    assert receipt_to_iso(full())["rcp:incomplete"] == []


def test_our_list_of_mandatory_fields_is_the_standard_s() -> None:
    assert len(MANDATORY) == 25
    if not TABLE.exists():
        pytest.skip("the table of fields is not beside this copy of the project")
    rows = list(csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines()))
    assert set(MANDATORY) == {row["iso27560_term"] for row in rows if row["iso27560_required"] == "Mandatory"}


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"controllers": [{**CONTROLLER, "address": None}]}, {"party address"}),
        (
            {"controllers": []},
            {"pii controllers", "party id", "party address", "party name", "party contact", "party type"},
        ),
        ({"informing": {"notice": None}}, {"privacy notice"}),
        ({"informing": {"notice": NOTICE, "language": None}}, {"language"}),
    ],
)
def test_what_a_record_does_not_say_is_listed(changes: dict[str, Any], missing: set[str]) -> None:
    made = full(**changes)
    assert set(record_to_iso(made)["rcp:incomplete"]) == missing
    assert set(receipt_to_iso(made)["rcp:incomplete"]) == missing


def test_a_refused_consent_has_no_purpose_and_no_recipient() -> None:
    made = record_to_iso(c.consent(assent={"answer": "refused"}, denials=[{}]))
    assert made["dpv:hasConsentStatus"] == "dpv:ConsentRefused"
    assert {"purpose", "recipient third parties"} <= set(made["rcp:incomplete"])


def test_a_withdrawal_is_the_state_and_an_event() -> None:
    made = record_to_iso(record.withdraw(full(), c.SECRET, by="child", member=c.MEMBER, at=c.NOW))
    assert made["dpv:hasConsentStatus"] == "dpv:ConsentWithdrawn"
    assert [row["dpv:hasConsentStatus"] for row in made["rcp:event"]] == ["dpv:ConsentGiven", "dpv:ConsentWithdrawn"]
    assert made["rcp:event"][1]["dct:date"] == "2026-11-22"


@pytest.mark.parametrize("status", schema()["$defs"]["consent"]["properties"]["status"]["enum"])
def test_every_status_has_a_word_of_dpv(status: str) -> None:
    said = record_to_iso({**full(), "status": status})["dpv:hasConsentStatus"]
    assert said.startswith("dpv:")
    valid = status in {"ConsentGiven", "RenewedConsentGiven"}
    assert (record_from_iso(record_to_iso({**full(), "status": status})).draft is not None) is valid


@pytest.mark.parametrize(
    "capacity", schema()["$defs"]["consent"]["properties"]["giver"]["properties"]["capacity"]["enum"]
)
def test_every_giver_has_a_word_of_dpv(capacity: str) -> None:
    said = record_to_iso(full(giver={"capacity": capacity}))["rcp:event"][0]["dpv:isImplementedByEntity"]
    assert said["@type"].startswith("dpv:")


def test_tier_3_is_marked_as_sensitive() -> None:
    data = record_to_iso(full())["dpv:hasProcess"][0]["dpv:hasPersonalData"]
    kinds = {row["dct:identifier"]: row["@type"] for row in data}
    assert kinds == {"identity": "dpv:PersonalData", "mhpss": "dpv:SensitivePersonalData"}


def test_a_receipt_has_the_token_and_no_word_that_is_dangerous_in_other_hands() -> None:
    made = full(
        giver={"party": "SECRET", "reason": "SECRET", "relationship": "SECRET"},
        assent={"words": "SECRET", "asked_by": "SECRET"},
        safety={"note": "SECRET"},
        denials=[{"party": "SECRET father"}, {"recipient": c.SCHOOL.agency, "because": "SECRET"}],
        overrides=[c.override("R10", reason="SECRET, because it is so")],
    )
    text = json.dumps(receipt_to_iso(made))
    assert "SECRET" not in text
    assert c.MEMBER not in text
    assert made["receipt"]["token"] in text


def test_a_record_keeps_the_token_and_the_approvals_to_the_agency() -> None:
    made = full(overrides=[c.override("R10", reason="SECRET, because it is so")])
    text = json.dumps(record_to_iso(made))
    assert made["receipt"]["token"] not in text.replace(made["record"], "")
    assert "SECRET" not in text


def test_what_we_wrote_we_read_back() -> None:
    made = full()
    found = record_from_iso(record_to_iso(made))
    assert found.incomplete == ()
    assert found.draft is not None
    again = record.begin(found.draft, record=made["record"], agency=c.OWN, member=c.MEMBER, at=c.NOW, token="TOKEN")
    assert again == made


def test_a_renewed_consent_begins_anew() -> None:
    made = record.revise(full(), c.SECRET, {"reconfirm_by": "2027-03-01"}, member=c.MEMBER, at=c.NOW)
    found = record_from_iso(record_to_iso(made))
    assert found.draft is not None
    assert found.draft["reconfirm_by"] == "2027-03-01"


@pytest.mark.parametrize(
    "changes",
    [
        {"frozen": "2026-11-20"},
        {"withdrawal": {"how": ["worker"], "events": [{"on": "2026-11-20", "by": "child", "reason": None}]}},
        {"assent": {"answer": "refused"}},
        {"assent": {"answer": "refused"}, "overrides": [c.override("R03")]},
        {"informing": {"understanding": "not_checked"}},
        {"informing": {"explained": ["what"]}},
        {"informing": {"by": None}},
    ],
)
def test_a_consent_that_is_not_in_force_or_not_explained_is_not_read_back(changes: dict[str, Any]) -> None:
    found = record_from_iso(record_to_iso(full(**changes)))
    assert found.draft is None
    assert found.incomplete


def test_a_foreign_record_without_the_child_s_answer_is_incomplete() -> None:
    value = record_to_iso(full())
    del value["rcp:record"]
    assert record_from_iso(value).incomplete == ("rcp:record",)


@pytest.mark.parametrize("value", [None, [], {}, {"@type": "dpv:ConsentReceipt"}, "dpv:ConsentRecord"])
def test_what_is_no_record_is_refused(value: Any) -> None:
    with pytest.raises(BasisError):
        record_from_iso(value)


def test_a_receipt_is_not_taken_for_a_record() -> None:
    with pytest.raises(BasisError):
        record_from_iso(receipt_to_iso(full()))


def test_a_grant_that_only_one_half_says_makes_the_record_incomplete() -> None:
    value = record_to_iso(full())
    value["rcp:record"]["grants"][1]["categories"] = ["health", "identity"]
    assert "dpv:hasProcess" in record_from_iso(value).incomplete


def test_a_day_before_all_calendars_is_no_end() -> None:
    value = record_to_iso(full())
    value["rcp:record"]["giver"]["order"] |= {"from": "0001-01-01", "until": "0001-01-02"}
    assert "giver.order" in record_from_iso(value).incomplete


SOUND = record_to_iso(full())
_JUNK: list[Any] = [None, True, 0, -1, "", "junk", [], {}, [None], "0001-01-01", "9999-12-31", "\ud800", 1.5]
JUNK = st.sampled_from(_JUNK).map(deepcopy)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for name, row in inner for found in places(row, (*path, name)))]


def sends(draft: Any) -> set[tuple[str, str, str]]:
    if draft is None:
        return set()
    made = record.begin(draft, record="r" * 22, agency=c.OWN, member=c.MEMBER, at=c.NOW, token="T")
    return {
        (to.agency, section, why)
        for to in (c.ADDIS, c.CLINIC, c.SCHOOL)
        for section in ("identity", "mhpss", "health", "legal")
        for why in ("reception", "medical_care")
        if isinstance(decide(made, c.asks(to, section, purpose=why), c.NOW, c.around()), Permit)
    }


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_spoilt_record_never_permits_more(data: st.DataObject) -> None:
    value = deepcopy(SOUND)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from([row for row in places(value) if row]))
        at: Any = value
        for name in path[:-1]:
            at = at[name]
        if data.draw(st.booleans()):
            del at[path[-1]]
        else:
            at[path[-1]] = data.draw(JUNK)
    before = sends(record_from_iso(SOUND).draft)
    assert len(before) == 3
    try:
        assert sends(record_from_iso(value).draft) <= before
    except BasisError:
        return
