"""docs/consent.md says what the rules, the schema and the parts of a record are; its examples are accepted."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest
import rfc8785

from consent import basis, policy, record
from consent.decide import Permit
from hub.cli.consent import _full
from hub.client import around as desk
from tests.support.consents import ADDIS, MEMBER, NOW, OWN, SECRET, asks, consent, grant, override, recipient, sends

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "consent.md").read_text(encoding="utf-8")
RULES = policy.load("rules")["rules"]
SHOWN = {record._ALL: "every recipient", ADDIS.agency: "the one it concerns", "": "nobody"}


def table(heading):
    """Return the cells of the first table whose first column has this heading."""
    rows = re.search(rf"^\| {heading} \|.*\n\|[-|]+\n((?:\|.*\n)+)", TEXT, flags=re.MULTILINE)
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows[1].splitlines()]


def examples():
    return [json.loads(text) for text in re.findall(r"```json\n(.+?)```", TEXT, flags=re.DOTALL)]


def an_example(kind):
    return next(row for row in examples() if row.get("kind") == kind)


def hub_checks():
    """Return the rules that a hub names when it refuses."""
    files = (ROOT / "hub" / "handoffs").glob("*.py")
    return {rule for file in files for rule in re.findall(r'rule="(R\d\d)"', file.read_text(encoding="utf-8"))}


def test_every_rule_has_a_row_and_every_row_is_a_rule():
    assert [row[0] for row in table("rule")] == sorted(row["id"] for row in RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["id"])
def test_a_row_says_where_its_rule_runs_and_whether_anybody_may_lift_it(rule):
    row = next(row for row in table("rule") if row[0] == rule["id"])
    assert row[2].split(", ") == rule["at"]
    assert row[3].startswith("nobody") == ("override" not in rule)
    assert ("ever" in row[3].split()) == rule.get("never", False)


def test_where_the_data_name_the_hub_the_hub_checks_and_nowhere_else():
    beside = {"R08", "R45"}  # who may send at all, and who destroys: neither asks about a basis
    assert {rule["id"] for rule in RULES if "hub" in rule["at"]} == hub_checks() - beside


def test_the_tests_of_every_rule_exist():
    files = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob("*/test_*.py")]
    known = {name for text in files for name in re.findall(r"def (test_\w+)\(", text)}
    for row in table("rule"):
        named = re.findall(r"`(\w+)`", row[4])
        assert named, row[0]
        assert set(named) <= known, row[0]


def test_every_part_of_a_record_is_shown_to_whom_the_table_says():
    granted = consent(
        grant(ADDIS, "identity"), denials=[{"recipient": ADDIS.agency}], overrides=[override("R03", to=ADDIS)]
    )
    said = {name: row[1] for row in table("part") for name in re.findall(r"`(\w+)`", row[0])}
    assert said == {part.name: SHOWN[part.to] for part in record.parts(granted)}


def test_every_member_of_a_record_is_explained():
    named = {(group, name) for row in table("group") for group in _named(row[0]) for name in _named(row[1] + row[2])}
    schema = basis.schema()["$defs"]["consent"]["properties"]
    assert {group for row in table("group") for group in _named(row[0])} == schema.keys()
    for group, form in schema.items():
        inner = basis.schema()["$defs"][form["items"]["$ref"].rpartition("/")[2]] if _is_rows(form) else form
        missing = {name for name in inner.get("properties", ()) if (group, name) not in named}
        assert not missing, group


def test_the_example_is_a_draft_that_a_worker_may_keep_and_send_on():
    draft = _full(next(row for row in examples() if "born" in row))
    kept = record.begin(draft, record="r" * 21 + "A", agency=OWN, member=MEMBER, at=NOW, token="TOKEN")
    assert kept["subject"]["age_band"] == "15-17"
    assert kept["reconfirm_by"] == "2027-11-22", "a year: the next band begins later"
    assert isinstance(sends(kept, asks(ADDIS, "identity", "needs_risk")), Permit)
    assert isinstance(sends(kept, asks(recipient("clinic", "health"), "health", purpose="medical_care")), Permit)


@pytest.mark.parametrize("kind", [basis.PROTECTION, basis.VITAL])
def test_the_other_bases_are_accepted_as_they_stand(kind):
    assert basis.check(_full(an_example(kind)))


def test_the_sharing_protocol_is_one():
    assert desk._FORM(next(row for row in examples() if "label" in row)) is None


def test_a_head_holds_the_digests_that_the_protocol_says():
    """Section 4.3 of docs/protocol.md, computed again from its words."""

    def text(data):
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    def drawn(word, n, size):
        value = rfc8785.dumps([word, kept["record"], kept["revision"], n])
        return text(hashlib.blake2b(value, digest_size=size, key=SECRET, person=b"rcp/1/consent").digest())

    kept = consent(*(grant(recipient(f"a{n}"), "identity") for n in range(20)))
    found = []
    for n, part in enumerate(record.parts(kept)):
        row = rfc8785.dumps([drawn("salt", n, 16), part.name, part.value])
        found.append(text(hashlib.sha256(b"rcp/1/consent-part\0" + row).digest()))
    found += [drawn("decoy", n, 32) for n in range(64 - len(found))]
    assert record.head(kept, SECRET)["digests"] == sorted(found)


def _named(cell):
    return re.findall(r"`(\w+)`", cell)


def _is_rows(form):
    return "$ref" in form.get("items", {})
