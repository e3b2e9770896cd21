"""The supervisors' sample over random consents, draws and weeks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.client.member import DAY
from hub.client.records import Record
from hub.client.sampling import AT_LEAST_EVERY, ONE_IN, Sample, choose
from hub.statements.grammar import MemberActor
from tests.conftest import NOW

AGENCY = "urn:rcp:agency:shelter@hub.example"
PEOPLE = ("omar", "hodan", "fatuma")


def consent(number, revision, authors):
    by = tuple(MemberActor(AGENCY, name, "supervisor") for name in authors)
    return Record(f"r{number}", "consent", {}, {}, f"r{number}.{revision}", NOW, NOW, by)


consents = st.lists(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3), max_size=40).map(
    lambda rows: [consent(n, 0, authors) for n, authors in enumerate(rows)]
)
draws = st.lists(st.tuples(st.sampled_from(PEOPLE), st.integers(0, 20), st.none() | st.integers(0, 39)), max_size=12)


@given(consents, draws)
def test_nobody_draws_their_own_and_nothing_is_drawn_twice_until_a_new_revision(rows, steps):
    known, now = [], NOW
    for who, days, revised in steps:
        now += days * DAY
        if revised is not None and revised < len(rows):
            old = rows[revised]
            rows[revised] = consent(revised, f"{old.manifest}+", [author.member for author in old.authors])
        for row in choose(rows, known, who, now):
            assert who not in {author.member for author in row.authors}
            assert (row.handoff, row.manifest) not in {(seen.record, seen.revision) for seen in known}
            known.append(Sample(str(len(known)), row.handoff, row.manifest, who, now, None, ""))


@given(consents, draws)
def test_the_sample_is_a_tenth_and_something_every_week(rows, steps):
    known, now = [], NOW
    for who, days, _ in steps:
        now += days * DAY
        others = [row for row in rows if who not in {author.member for author in row.authors}]
        left = len(others) - len([seen for seen in known if seen.record in {row.handoff for row in others}])
        quiet = not any(seen.at > now - AT_LEAST_EVERY for seen in known)
        found = choose(rows, known, who, now)
        if left and quiet:
            assert found
        known += [Sample(str(n), row.handoff, row.manifest, who, now, None, "") for n, row in enumerate(found)]
        drawn = {seen.record for seen in known}
        assert len(drawn & {row.handoff for row in others}) >= min(len(others), -(-len(others) // ONE_IN))


def test_which_are_drawn_cannot_be_foreseen():
    rows = [consent(n, 0, ["omar"]) for n in range(40)]
    assert len({frozenset(row.handoff for row in choose(rows, [], "hodan", NOW)) for _ in range(30)}) > 10
