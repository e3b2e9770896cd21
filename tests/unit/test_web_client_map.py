"""A browser and Python say the same of how long a record of the service map counts, and hide the same counts."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from hub.directory.gaps.unmet import Unmet
from hub.directory.gaps.unmet import suppress as suppress_unmet
from hub.directory.records import freshness
from hub.directory.records.freshness import day_after
from hub.directory.records.groups import OF_KIND, group_of
from hub.directory.records.record import definitions
from hub.directory.records.vocabulary import GROUPS
from hub.reports.document import rows_value
from hub.reports.suppression import suppress
from tests.support import web_modules
from tests.support.counting import facts, plain
from tests.support.web_modules import WebModules

SCRIPT = Path(web_modules.__file__).with_name("web_map.mjs")
TODAY = "2026-11-22"


@pytest.fixture(scope="module")
def web():
    with WebModules(SCRIPT) as running:
        yield running


def said(kind, document):
    rows = [(group, freshness.due_of(document, group)) for group in freshness.groups_in(kind, document)]
    return [[group, due.due, due.limit, due.state(TODAY).value] for group, due in rows]


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_a_group_stands_alike_on_each_day_where_that_changes(web, group):
    kind = next(kind for kind, groups in OF_KIND.items() if group in groups)
    member = {"offer": "name", "place": "area", "focal_point": "inbox", "contact": "email"}.get(group, group)
    value = {"unit": "beds"} if group == "capacity" else "x"
    for age in {0, GROUPS[group].cadence - 1, GROUPS[group].cadence, GROUPS[group].limit - 1, GROUPS[group].limit}:
        on = day_after(TODAY, -age)
        document = {"name": "Drop-in", member: value, "verified": {group: {"on": on, "how": "call"}}}
        assert web.ask("due", kind=kind, document=document, today=TODAY) == {"ok": said(kind, document)}


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"capacity": {}, "email": "", "phones": [], "hours": None},
        {"capacity": {"state": "capacity", "as_of": "2026-11-01"}},
        {"capacity": {"as_of": "2027-01-01"}},
        {"capacities": [{"updated": "2026-11-20T08:00:00Z"}, {"updated": "2026-11-02"}, {"available": 3}]},
        {"verified": {"offer": {"on": "2026-02-28", "how": "visit"}}},
        {"minimum_age": 0, "free": False},
        {"verified": {}, "website": "https://example.org", "nobody_knows": {"this": 1}},
    ],
)
def test_what_a_record_has_nothing_in_is_in_neither(web, members):
    checks = {group: {"on": "2026-11-15", "how": "call"} for group in GROUPS}
    for kind in OF_KIND:
        document = {"name": "Drop-in", "verified": checks, **members}
        assert web.ask("due", kind=kind, document=document, today=TODAY) == {"ok": said(kind, document)}


@pytest.mark.parametrize("kind", OF_KIND)
def test_each_member_is_checked_with_the_same_others(web, kind):
    for member in (*definitions()[kind]["properties"], *definitions()["common"]["properties"], "application_process"):
        assert web.ask("group", kind=kind, member=member) == {"ok": group_of(kind, member)}


def as_asked(found):
    return [
        {
            **{name: getattr(one, name) for name in ("service", "area", "age_band", "sex", "ending")},
            **{name: getattr(one, name) for name in ("reason", "again", "unmet", "grade")},
            "barriers": sorted(one.barriers),
        }
        for one in found
    ]


def both_hide(web, found, but=()):
    rows = web.ask("suppress", facts=as_asked(found), but=list(but))["ok"]
    assert sorted(rows, key=lambda row: row["at"]) == rows_value(suppress(found, but=but))
    return rows


@pytest.mark.parametrize(("seed", "many"), [(1, 9), (2, 40), (3, 150), (4, 400), (5, 900), (6, 300)])
def test_a_browser_hides_the_same_counts_to_the_last_cell(web, seed, many):
    found = facts(seed, many)
    rows = both_hide(web, found)
    assert all(count >= 10 for row in rows for told in row["told"].values() for count in told.values())
    assert "unmet" not in repr(both_hide(web, found, ["unmet"]))


def test_what_a_sum_would_tell_is_hidden_in_both(web):
    """Each of these made one of the two hide another place, class or rest."""
    both_hide(web, [])
    both_hide(web, [*plain(many=30), *plain(sex="male", many=9), *plain(band="12-14", many=12)])
    both_hide(web, [*plain(many=30), *plain(ending="no", many=25), *plain(ending="partial", many=9)])
    both_hide(web, [*plain(ending="declined", reason="cost", many=25), *plain(ending="declined", reason="no words")])
    both_hide(web, [*plain(band="unknown", area="unsaid", many=31), *plain("unsaid", many=10), *plain("legal_aid")])


@pytest.mark.parametrize("seed", range(8))
def test_unmet_need_of_a_file_is_hidden_alike(web, seed):
    rng = random.Random(seed)
    groups = rng.sample(["all", "0-5", "6-11", "12-14", "15-17", "18+", "female", "male"], 6)
    rows = [
        Unmet(area, "health", group, rng.choice([None, 0, 3, 9, 10, 14, 60]))
        for area in ("ET-AA", "ET-AM")
        for group in groups
    ]
    said = [{name: getattr(row, name) for name in row.__slots__} for row in rows]
    hidden = [{name: getattr(row, name) for name in row.__slots__} for row in suppress_unmet(rows)]
    assert web.ask("suppress_unmet", rows=said) == {"ok": hidden}


def test_a_file_of_unmet_need_is_read_and_its_faults_named_by_line(web):
    head = "\ufeffmonth,area,note,need,group,count\r\n"
    text = head + '2026-07,ET-AA,"a ""word"", and\nmore",health,all,60\r\n2026-07,ET-AA,,health,female,\r\n\r\n'
    rows = [
        {"area": "ET-AA", "need": "health", "group": group, "count": n} for group, n in (("all", 60), ("female", None))
    ]
    assert web.ask("read_unmet", text=text) == {"ok": {"months": {"2026-07": rows}, "wrong": []}}
    wrong = "2026-13,ET-AA,,health,all,1\n2026-07,ET-AA,,nonsense,all,1\n2026-07,ET-AA,,health,all,-1\n"
    assert web.ask("read_unmet", text=head + wrong) == {"ok": {"months": {}, "wrong": [2, 3, 4]}}
    for cut in ('2026-07,ET-AA,"a"b,health,all,1\n', '"2026-07"x,ET-AA,,health,all,1\n'):
        assert web.ask("read_unmet", text=f"{head}{cut}2026-07,ET-AA,,health,all,60\n")["ok"]["wrong"] == [2]
    assert web.ask("read_unmet", text="a,b\n1,2") == {"ok": {"months": {}, "wrong": [1]}}
