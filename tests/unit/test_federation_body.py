"""The multipart body: the same bytes each time, of the length announced, and back again."""

from __future__ import annotations

import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import InvalidRequest
from hub.federation.body import receive
from hub.ids import random_id
from hub.packets.encoding import b64u
from hub.packets.multipart import Body

NAMES = st.lists(
    st.sampled_from(["message", "manifest", "body", *(f"att-{n}" for n in range(1, 9))]), unique=True, min_size=1
)


def environ(body, data=None):
    data = b"".join(body) if data is None else data
    facts = {"CONTENT_TYPE": body.content_type, "CONTENT_LENGTH": str(len(data))}
    return {**facts, "wsgi.input": io.BytesIO(data)}


@given(NAMES, st.data())
def test_what_is_composed_is_what_is_received(names, data):
    body = Body(random_id())
    parts = {name: data.draw(st.binary(max_size=3000)) for name in names}
    for name, content in parts.items():
        body.add(name, content)
    received = receive(environ(body), 10**6)
    assert {name: part.read() for name, part in received.parts.items()} == parts
    assert received.digest == b64u(body.digest())
    received.close()


def test_a_body_from_files_has_the_announced_length_and_the_same_digest_each_time(tmp_path):
    path = tmp_path / "payload"
    path.write_bytes(b"0123456789" * 50_000)
    body = Body(random_id())
    body.add("body", b"head", path)
    data = b"".join(body)
    assert len(body) == len(data)
    assert body.digest() == body.digest() == hashlib.sha256(data).digest()


@given(st.integers(0, 100))
def test_a_body_that_is_cut_short_is_refused(share):
    body = Body("A" * 22)
    body.add("message", b"x" * 500)
    data = b"".join(body)
    cut = environ(body, data)
    cut["wsgi.input"] = io.BytesIO(data[: len(data) * share // 101])
    with pytest.raises(InvalidRequest):
        receive(cut, 10**6)


@pytest.mark.parametrize("length", ["", "-1", "1e3", "x", "\u0663"])
def test_a_request_says_how_long_it_is(length):
    body = Body("A" * 22)
    with pytest.raises(InvalidRequest):
        receive({**environ(body, b""), "CONTENT_LENGTH": length}, 10**6)
