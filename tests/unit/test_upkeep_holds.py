"""What of a change holds at once, and what waits for a call to the old number."""

from __future__ import annotations

import pytest

from hub.directory.upkeep.holds import CONTACT, split, with_members

OLD = {"id": "x", "name": "Clinic", "phones": [{"number": "+251 1"}], "status": "active"}


def test_a_new_record_says_at_once_how_it_is_reached():
    assert split(None, OLD) == (OLD, {})


def test_a_change_of_the_name_holds_at_once_and_a_change_of_the_number_waits():
    new = {**OLD, "name": "Clinic of Addis", "phones": [{"number": "+251 2"}]}
    now, held = split(OLD, new)
    assert now == {**OLD, "name": "Clinic of Addis"}
    assert held == {"phones": [{"number": "+251 2"}]}


@pytest.mark.parametrize("gone", [{}, {"phones": []}, {"phones": None}])
def test_to_take_a_number_away_is_to_change_it(gone):
    new = {name: value for name, value in OLD.items() if name != "phones"} | gone
    now, held = split(OLD, new)
    assert now["phones"] == OLD["phones"]
    assert not held["phones"]


def test_a_second_number_beside_the_first_waits_as_well():
    both = {**OLD, "phones": [*OLD["phones"], {"number": "+251 666"}]}
    assert split(OLD, both)[1] == {"phones": both["phones"]}
    assert split(OLD, {**OLD, "email": "thief@example.org"})[1] == {"email": "thief@example.org"}


def test_the_first_detail_of_its_kind_holds_at_once():
    first = {"focal_point": {"title": "Nurse"}, "website": "https://example.org", "inbox": "i" * 22}
    assert split(OLD, OLD | first) == (OLD | first, {})
    assert split({"name": "Clinic"}, OLD) == (OLD, {})
    assert split({**OLD, "email": "", "phones": []}, OLD)[1] == {}


def test_a_number_inside_a_place_waits_and_a_new_place_without_one_does_not():
    here = [{"location_id": "a", "phones": [{"number": "1"}]}]
    old = {**OLD, "service_at_locations": here}
    other = [{"location_id": "a", "phones": [{"number": "2"}]}]
    assert split(old, {**old, "service_at_locations": other})[1] == {"service_at_locations": other}
    assert split(old, {**old, "service_at_locations": [*here, {"location_id": "b"}]})[1] == {}
    assert split(OLD, {**OLD, "service_at_locations": here})[1] == {}


def test_a_first_number_inside_a_known_place_waits_where_the_service_has_one():
    bare, here = [{"location_id": "a"}], [{"location_id": "a", "phones": [{"number": "1"}]}]
    assert split({**OLD, "service_at_locations": bare}, {**OLD, "service_at_locations": here})[1] == {
        "service_at_locations": here
    }
    assert split({"service_at_locations": bare}, {"service_at_locations": here})[1] == {}


def test_another_form_to_fill_in_waits_and_other_words_of_the_pathway_do_not():
    old = {**OLD, "pathway": {"form": "https://a.example", "steps": ["Call."]}}
    other = {**old["pathway"], "form": "https://b.example"}
    assert split(old, {**old, "pathway": other})[1] == {"pathway": other}
    assert split(old, {**old, "pathway": {**old["pathway"], "steps": ["Come."]}})[1] == {}


def test_nothing_but_what_leads_to_somebody_waits():
    new = OLD | {"name": "x", "description": "y", "hours": {"zone": "UTC"}, "capacity": {"state": "capacity"}}
    assert split(OLD, new) == (new, {})
    assert {"phones", "email", "contacts", "focal_point", "inbox", "website"} <= CONTACT


def test_members_are_put_and_taken_away():
    assert with_members({"a": 1, "b": None}, {"a": None, "c": 2}) == {"b": None, "c": 2}
