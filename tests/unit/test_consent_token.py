"""The token on a receipt is read from paper and by phone, and a wrong one never passes for a right one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.token import new_token, parse_token
from hub.packets.seal import freeze_handle, freeze_key

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
TOKEN = "9XX-ZWZ-CNN-R90-TS9-HB9-A3N"
PLAIN = TOKEN.replace("-", "")
PACKET = "AAAAAAAAAAAAAAAAAAAAAA"


def test_a_token_is_seven_groups_of_three_and_reads_back():
    made = {new_token() for _ in range(200)}
    assert len(made) == 200
    for token in made:
        assert [len(group) for group in token.split("-")] == [3] * 7
        assert parse_token(token) == token
    assert {letter for token in made for letter in token} == {*LETTERS, "-"}


@pytest.mark.parametrize(
    "typed", [TOKEN.lower(), PLAIN, f"  {TOKEN} \n", TOKEN.replace("0", "O"), TOKEN.replace("-", " "), TOKEN + "\r\n"]
)
def test_case_spaces_and_look_alikes_do_not_matter(typed):
    assert parse_token(typed) == TOKEN


@pytest.mark.parametrize("letter", "iIlL")
def test_a_one_may_be_read_as_a_letter(letter):
    token = next(token for token in iter(new_token, None) if "1" in token)
    assert parse_token(token.replace("1", letter)) == token


@given(st.integers(0, 20), st.sampled_from(LETTERS))
def test_every_wrong_letter_is_noticed(place, letter):
    typed = PLAIN[:place] + letter + PLAIN[place + 1 :]
    if typed != PLAIN:
        with pytest.raises(ValueError, match="wrong"):
            parse_token(typed)


@given(st.integers(0, 20), st.integers(0, 20))
def test_every_two_letters_that_changed_places_are_noticed(one, other):
    typed = list(PLAIN)
    typed[one], typed[other] = typed[other], typed[one]
    if "".join(typed) != PLAIN:
        with pytest.raises(ValueError, match="wrong"):
            parse_token("".join(typed))


@pytest.mark.parametrize("typed", ["", PLAIN[:-1], PLAIN + "0", PLAIN[:-1] + "U", PLAIN[:-1] + "é", "\u0661" * 21])
def test_what_is_no_token_is_refused(typed):
    with pytest.raises(ValueError, match="token"):
        parse_token(typed)


def test_the_handle_is_fresh_for_each_packet_and_each_token():
    key = freeze_key(TOKEN)
    assert key == freeze_key(PLAIN) != freeze_key(new_token())
    assert freeze_handle(key, PACKET) == "pFmfIiEVYMUZJh02t9FQJcC9CNNBfIo2Y2-CFzR9m2s"
    assert (
        len({freeze_handle(key, PACKET), freeze_handle(key, "B" + PACKET[1:]), freeze_handle(bytes(32), PACKET)}) == 3
    )
