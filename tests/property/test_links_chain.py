"""Whatever is named, bound, revoked and refused in whatever order: one link is live, and one device of it counts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.packets.encoding import b64u
from hub.statements.grammar import Grade, MemberActor
from hub.statements.links import Link, chain_of
from tests.support.factories import NOW, World, link, seed, some_id, statement

SHELTER = World().agency("shelter")
AMINA = SHELTER.member("amina", "caseworker")
HOUSE = "urn:rcp:agency:mother-house@et.example"
LINKS, DEVICES = ("red", "blue"), ("phone", "tablet")


def actor(name):
    return MemberActor(HOUSE, some_id(name), "provider")


def binds(name, device):
    return statement("referral.bind", actor(name), body={"sign": b64u(seed(device))}, grade=Grade.LINK)


NAMED = st.sampled_from([statement("referral.link", AMINA.actor(), body={"link": link(name)}) for name in LINKS])
BOUND = st.builds(binds, st.sampled_from(LINKS), st.sampled_from(DEVICES))
ENDED = st.just(statement("referral.unlink", AMINA.actor()))
OTHER = st.just(statement("referral.close", AMINA.actor()))
STORY = st.lists(st.tuples(NAMED | BOUND | ENDED | OTHER, st.booleans()), max_size=12)


@given(STORY)
def test_a_chain_lets_the_first_device_of_the_last_link_speak_and_nobody_else(story):
    chain = chain_of(HOUSE, story)
    standing = [said for said, refused in story if not refused]
    about = [said for said in standing if said.type in {"referral.link", "referral.unlink"}]
    live = Link.of(about[-1]) if about else None
    for name in LINKS:
        first = next(
            (said.body["sign"] for said in standing if said.type == "referral.bind" and said.by[0] == actor(name)), None
        )
        says = statement("referral.acknowledge", actor(name), grade=Grade.LINK)
        is_live = live is not None and live.id == some_id(name)
        assert chain.lets(says) == (is_live and first is not None)
        assert chain.lets(binds(name, "phone")) == (is_live and first is None)
        late = statement("referral.acknowledge", actor(name), grade=Grade.LINK, at=NOW + 86_401)
        assert not chain.lets(late)


@given(STORY)
def test_a_chain_that_was_read_in_two_goes_is_the_same(story):
    half = len(story) // 2
    chain = chain_of(HOUSE, story[:half])
    for said, refused in story[half:]:
        chain = chain.after(said, refused=refused)
    assert chain == chain_of(HOUSE, story)


def test_the_recipient_names_no_link_and_ends_none():
    worker = MemberActor(HOUSE, some_id("worker"), "caseworker")
    mine = statement("referral.link", AMINA.actor(), body={"link": link("red")})
    theirs = statement("referral.link", worker, body={"link": link("blue")})
    chain = chain_of(HOUSE, [(mine, False), (theirs, False), (statement("referral.unlink", worker), False)])
    assert chain.live == Link.of(mine)
    assert chain.links == (Link.of(mine),)
