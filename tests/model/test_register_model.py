"""The register of who is responsible, in every order of people, lines and crashes: nobody is dropped, nobody is two.

The bounds are small and the search is complete within them; the decisions are the product's own functions. Each fault
that hubs could have is made once, and found. Run with `-s` to read the counts and the counterexamples.
"""

import pytest

from tests.model.explore import Broken, search
from tests.model.faults import FAULTS
from tests.model.register import Hubs, Setting

SHELTER, CENTRE, COALITION = "shelter@one.example", "centre@two.example", "coalition@three.example"
BESIDE = "authority@one.example"
ONE_LEG = {"first": (SHELTER, CENTRE)}
TWO_HUBS = {**ONE_LEG, "rival": (SHELTER, BESIDE), "return": (CENTRE, SHELTER)}
THREE_HUBS = {**ONE_LEG, "rival": (SHELTER, COALITION), "onward": (CENTRE, COALITION)}
ROUND = {**THREE_HUBS, "return": (COALITION, SHELTER)}
NEAR, FAR = "ministry@two.example", "ministry@three.example"

SETTINGS = {
    "two hubs, one leg, two releases, each taken twice": Setting(ONE_LEG, releases=2, takes=2),
    "two hubs, a rival leg and a return, each release taken twice": Setting(TWO_HUBS, takes=2),
    "three hubs, a rival leg, each release taken twice": Setting(THREE_HUBS, takes=2, told=False),
    "three hubs and back to the first": Setting(ROUND),
    "a successor at the same hub": Setting(ONE_LEG, successor=NEAR, assumes=2, takes=2, mortal=(CENTRE,)),
    "a successor at a third hub": Setting(THREE_HUBS, successor=FAR, assumes=2, mortal=(CENTRE,), told=False),
}
LARGER = {
    "two hubs, three legs, two releases each": Setting(TWO_HUBS, releases=2, told=False),
}

FOR_FAULTS = (
    Setting(ONE_LEG, releases=2, takes=2, told=False),
    Setting({**ONE_LEG, "rival": (SHELTER, COALITION)}),
    Setting({**ONE_LEG, "onward": (CENTRE, COALITION)}, successor=FAR, assumes=1, mortal=(CENTRE,), told=False),
)


@pytest.mark.parametrize("bounds", SETTINGS)
def test_one_agency_is_responsible_and_at_least_one_acts_whatever_happens(bounds):
    searched = search(Hubs(SETTINGS[bounds]))
    print(f"{bounds}: {searched}")
    assert searched.quiet


@pytest.mark.slow
@pytest.mark.parametrize("bounds", LARGER)
def test_one_agency_is_responsible_and_at_least_one_acts_in_larger_bounds(bounds):
    searched = search(Hubs(LARGER[bounds]))
    print(f"{bounds}: {searched}")
    assert searched.quiet


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_of_hubs_is_found_and_told_as_the_shortest_way_to_it(fault):
    ways = [way for setting in FOR_FAULTS if (way := breach(fault(setting)))]
    print(f"{fault.__doc__}\n{ways[0]}")
    assert "1. release 1" in ways[0]


def breach(hubs):
    try:
        search(hubs)
    except Broken as found:
        return str(found)
    return ""
