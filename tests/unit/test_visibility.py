"""Who sees which field of a record."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.directory.records import listing
from hub.directory.records.visibility import FOCAL, level_of, visible
from hub.directory.records.vocabulary import LEVELS
from tests.support import maps

_WORDS = st.dictionaries(
    st.sampled_from(["*", "name", "phones", "latitude", "addresses", "coverage", "focal_point", "capacity", "needs"]),
    st.sampled_from(LEVELS),
)
PATHS = {area.code: area.path.split("/") for area in maps.AREAS}


@pytest.mark.parametrize("hidden", ["latitude", "longitude", "addresses"])
def test_to_hide_one_part_of_a_place_hides_all_of_it(hidden):
    site = maps.site(addresses=[{"address_1": "x"}], transportation="x", description="x", visibility={hidden: "focal"})
    seen = visible("site", site, 2)
    assert not {"latitude", "longitude", "addresses", "transportation", "description"} & seen.keys()
    assert seen["area"] == "XA11"


def test_nobody_learns_that_there_is_something_hidden():
    assert "visibility" not in visible("site", maps.site(visibility={"phones": "focal"}), 2)


def test_once_something_is_hidden_old_values_and_unknown_members_are_too():
    site = maps.site(metadata=[{}], attributes=[{}], novelty="x", visibility={"phones": "area"})
    assert {"metadata", "attributes", "novelty"} & visible("site", site, 1).keys() == set()
    assert {"metadata", "attributes", "novelty"} <= visible("site", site, 2).keys()


def test_a_focal_point_is_for_partners_unless_the_record_says_otherwise():
    assert level_of("service", maps.service(), "focal_point") == 1
    assert level_of("service", maps.service(visibility={"focal_point": "public"}), "focal_point") == 0


@given(_WORDS, _WORDS, _WORDS)
def test_a_higher_level_never_sees_less_and_views_are_what_each_level_sees(one, two, three):
    site = maps.site(visibility=one, access_point={"description": "gate"})
    by, service = maps.provider(visibility=two), maps.service(at=(site,), visibility=three, focal_point={"title": "x"})
    for kind, document in (("site", site), ("provider", by), ("service", service)):
        seen = [visible(kind, document, level) or {} for level in range(FOCAL + 1)]
        assert all(low.keys() <= high.keys() for low, high in itertools.pairwise(seen))
        assert seen[FOCAL] == document
    views = listing.views(service, by, [site], PATHS)
    assert views == [listing.listing(service, by, [site], PATHS, level) for level in range(FOCAL + 1)]
