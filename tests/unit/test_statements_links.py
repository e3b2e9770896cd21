"""Who signs by a link: the chain from the sender's statement to one device, and what cannot be put into it."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from hub.errors import BadSignature, UnknownSigner
from hub.keys.devices import DeviceKeys
from hub.packets.age import Identity
from hub.packets.encoding import b64u
from hub.statements.grammar import Grade, MemberActor
from hub.statements.links import Chain, Link, chain_of, code_of
from hub.statements.verify import sign_statement, verify_statement
from tests.support.factories import NOW, World, link, seed, some_id, statement, submission

WORLD = World()
SHELTER, MOTHER_HOUSE = WORLD.agency("shelter"), WORLD.agency("mother-house")
AMINA = SHELTER.member("amina", "caseworker")
STAFF = MOTHER_HOUSE.member("staff", "provider")


def keys(name):
    return DeviceKeys(seed(f"device {name}"), Identity(seed(f"box {name}")))


def actor(name="link", agency=MOTHER_HOUSE.agency):
    return MemberActor(agency, some_id(name), "provider")


def names(name="link", kind="referral.submit", **changes):
    body = submission(link=link(name, **changes)) if kind == "referral.submit" else {"link": link(name, **changes)}
    return statement(kind, AMINA.actor(), body=body)


def binds(device, name="link", **changes):
    body = {"sign": b64u(keys(device).signer().public_key)}
    return statement("referral.bind", actor(name), body=body, grade=Grade.LINK, **changes)


def says(name="link", kind="referral.acknowledge", **changes):
    return statement(kind, actor(name), grade=Grade.LINK, **changes)


def chain(*said, refused=()):
    return chain_of(MOTHER_HOUSE.agency, [(one, one in refused) for one in said])


def verified(found, said, *signers):
    data = sign_statement(said, [keys(name).signer() for name in signers]).to_bytes()
    return verify_statement(data, WORLD, now=NOW, links=lambda _handoff: found)


def test_a_link_names_a_device_and_the_device_signs():
    opened = chain(names(), binds("phone"))
    assert verified(chain(names()), binds("phone"), "link")
    assert verified(opened, says(), "phone")
    assert opened.lets(says())
    assert opened.device(some_id("link")) == keys("phone").signer().public_key


@pytest.mark.parametrize(("said", "signer"), [(binds("phone"), "phone"), (says(), "link"), (says(), "other")])
def test_neither_key_does_the_others_work(said, signer):
    with pytest.raises(UnknownSigner):
        verified(chain(names(), binds("phone")), said, signer)


def test_no_device_signs_before_the_link_has_named_it():
    with pytest.raises(UnknownSigner):
        verified(chain(names()), says(), "phone")
    with pytest.raises(UnknownSigner):
        verified(chain(), binds("phone"), "link")


def test_a_link_is_one_recipients_and_nobody_elses():
    found = chain(names(), binds("phone"))
    with pytest.raises(UnknownSigner):
        verified(found, replace(says(), by=(actor(agency=SHELTER.agency),)), "phone")
    with pytest.raises(UnknownSigner):
        found.sender_key(SHELTER.agency, keys("phone").signer().kid)


def test_a_certified_member_cannot_pass_for_a_link_nor_a_link_for_a_member():
    found = chain(names(), binds("phone"))
    posing = replace(says(), by=(STAFF.actor("provider"),))
    with pytest.raises(UnknownSigner):
        verify_statement(sign_statement(posing, [STAFF.signer]).to_bytes(), WORLD, now=NOW, links=lambda _: found)
    with pytest.raises(UnknownSigner):
        verified(found, replace(says(), grade=Grade.SIGNED), "phone")
    with pytest.raises(UnknownSigner):  # and where nobody knows of links
        verify_statement(sign_statement(says(), [keys("phone").signer()]).to_bytes(), WORLD, now=NOW)


def test_the_first_device_is_the_only_one():
    found = chain(names(), binds("phone"), binds("thief"))
    assert found.device(some_id("link")) == keys("phone").signer().public_key
    assert not chain(names(), binds("phone")).lets(binds("thief"))


def test_a_refused_bind_binds_nothing_and_yet_its_words_can_be_refused_in_writing():
    bind = binds("phone")
    found = chain(names(), bind, refused=[bind])
    assert found.device(some_id("link")) is None
    assert verified(found, says(), "phone")
    assert not found.lets(says())


@pytest.mark.parametrize("ends", [statement("referral.unlink", AMINA.actor()), names("second", "referral.link")])
def test_a_revoked_link_signs_nothing_that_counts(ends):
    found = chain(names(), binds("phone"), ends)
    assert verified(found, says(), "phone")
    assert not found.lets(says())
    assert not found.lets(binds("phone"))


def test_a_new_link_begins_with_no_device():
    found = chain(names(), binds("phone"), names("second", "referral.link"))
    assert found.live == Link.of(names("second"))
    assert found.lets(binds("tablet", "second"))
    assert not found.lets(says("second"))


def test_what_is_signed_after_the_last_second_does_not_count():
    found = chain(names(until=NOW - 1), binds("phone"))
    assert not found.lets(says())
    assert found.lets(replace(says(), at=NOW - 1))


def test_a_signature_of_another_key_is_found_wrong():
    good = sign_statement(says(), [keys("phone").signer()])
    forged = replace(good, signatures=(replace(good.signatures[0], sig=bytes(64)),))
    with pytest.raises(BadSignature):
        verify_statement(forged.to_bytes(), WORLD, now=NOW, links=lambda _: chain(names(), binds("phone")))


def test_a_voice_code_is_known_by_its_proof_alone():
    proof = hashlib.blake2b(b"123456", digest_size=32, key=seed("code"), person=b"rcp/1/link").digest()
    found = Link.of(names(code=code_of(proof)))
    assert found.proves(proof)
    assert not found.proves(bytes(32))
    assert not Link.of(names(code=None)).proves(proof)


def test_a_link_is_written_as_it_was_read():
    assert Link.of(names()).to_value() == link()
    assert Chain("x").live is None
