"""Makes the vectors of packets: one file per case of docs/protocol.md §4.4, with what is expected.

Run `python -m tests.vectors.generate FOLDER`. Everything is derived from fixed seeds, so a second run gives the same
bytes, and a test compares. A case names the files of `00-good` where it does not differ from it in them.
"""

from __future__ import annotations

import io
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.errors import UnknownSigner
from hub.packets.age import FILE_KEY, Header, Identity, Stanza, make_header
from hub.packets.dsse import Signer, sign_envelope
from hub.packets.encoding import b64, b64u, canonical, from_b64, hkdf, sha256
from hub.packets.manifest import MANIFEST_TYPE, SUITE, Rewrap, SenderKey
from hub.packets.seal import basis_key, commitment
from hub.packets.stream import NONCE, PayloadWriter
from hub.packets.tar import TarWriter
from hub.packets.verify import VerifiedPacket, verify
from tests.support.packets import MemoryPacket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

NOW = 1_795_290_000
DAY = 86_400
SENDER = "urn:rcp:agency:shelter@dj.example"
RECIPIENT = "urn:rcp:agency:transit@et.example"
OTHER = "urn:rcp:agency:clinic@et.example"
FOLDER = Path(__file__).parent


def fixed(label: str, size: int = 32) -> bytes:
    """Return bytes that depend on nothing but the label."""
    return hkdf(b"vectors of packets", label.encode(), size=size)


class Dice:
    """Randomness that repeats itself."""

    def __init__(self, label: str) -> None:
        self._label, self._thrown = label, 0

    def __call__(self, size: int) -> bytes:
        self._thrown += 1
        return fixed(f"{self._label}/{self._thrown}", size)


SIGNER = Signer(fixed("device"))
STRANGER = Signer(fixed("stranger"))
MEMBER = b64u(fixed("member", 16))
IDENTITY = Identity(fixed("epoch 7"))
NEXT_IDENTITY = Identity(fixed("epoch 8"))
PACKET = b64u(fixed("packet", 16))
EXCERPT = {"basis": "consent", "categories": ["identity"], "recipient": RECIPIENT}
KEY = basis_key(fixed("basis secret"), PACKET, RECIPIENT)


class OneSender:
    """Knows the sending member's key."""

    def sender_key(self, agency: str, keyid: str) -> SenderKey:
        if (agency, keyid) != (SENDER, SIGNER.kid):
            raise UnknownSigner("This key is not known here.")
        return SenderKey(MEMBER, SIGNER.public_key)


def manifest_value() -> dict[str, Any]:
    """Return the JSON of a good manifest whose files are still to come."""
    return {
        "v": 1,
        "suite": SUITE,
        "packet": PACKET,
        "from": SENDER,
        "to": RECIPIENT,
        "inbox": b64u(fixed("inbox", 16)),
        "created": NOW,
        "expires": NOW + 30 * DAY,
        "log": {"origin": "dj.example", "size": 812, "root": b64u(fixed("root"))},
        "grant": {"country": "ET", "until": "2027-02", "commit": commitment(EXCERPT, KEY)},
        "files": [],
    }


def meta_value(value: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the JSON of a good meta.json."""
    kids = [IDENTITY.recipient.kid]
    row = {"v": 1, "packet": value["packet"], "file": name, "from": value["from"], "to": value["to"]}
    return {**row, "author": MEMBER, "kids": kids}


def basis_value() -> dict[str, Any]:
    """Return the JSON of a good basis.json."""
    return {"v": 1, "key": b64u(KEY), "excerpt": EXCERPT}


class Plain(io.BytesIO):
    """Plaintext as the stream gives it."""

    def skip(self, size):
        return len(self.read(size))

    def pieces(self, size):
        yield memoryview(self.read(size))


def archive(entries: Iterable[tuple[str, bytes]]) -> bytes:
    """Return a tar archive as packets have it."""
    sink = io.BytesIO()
    tar = TarWriter(sink)
    for name, content in entries:
        tar.add(name, len(content), [content])
    tar.close()
    return sink.getvalue()


def payload(plain: bytes, file_key: bytes, nonce: bytes) -> bytes:
    """Return an age payload."""
    sink = io.BytesIO()
    writer = PayloadWriter(sink, file_key, nonce)
    writer.write(plain)
    writer.close()
    return sink.getvalue()


@dataclass
class Draft:
    """A packet in the making; each case changes something in it."""

    label: str
    value: dict[str, Any] = field(default_factory=manifest_value)
    entries: dict[str, list[tuple[str, bytes]]] = field(default_factory=dict)
    plain: dict[str, bytes] = field(default_factory=dict)
    signer: Signer = SIGNER
    type: str = MANIFEST_TYPE
    identity: Identity = IDENTITY
    extra: tuple[Stanza, ...] = ()
    file_key: bytes = fixed("file key", FILE_KEY)

    def __post_init__(self) -> None:
        self.entries = {
            "body": [
                ("meta.json", canonical(meta_value(self.value, "body"))),
                ("basis.json", canonical(basis_value())),
                ("sections/identity.json", canonical({"name": "Amina Example"})),
                ("attachments/note.txt", b"She asked for her aunt.\n"),
            ]
        }

    def replace(self, name: str, content: bytes | None, file: str = "body") -> None:
        """Change one entry, or take it away."""
        self.entries[file] = [
            (n, content if n == name else c) for n, c in self.entries[file] if n != name or content is not None
        ]

    def files(self) -> dict[str, bytes]:
        """Seal the entries and write the manifest's list of files."""
        files = {}
        for name, entries in self.entries.items():
            dice = Dice(f"{self.label}/{name}")
            header = make_header([self.identity.recipient], self.file_key, dice)
            if self.extra:
                header = _with_stanzas(header, self.extra, self.file_key)
            head = header.to_bytes()
            body = payload(self.plain.get(name) or archive(entries), self.file_key, dice(NONCE))
            files[name] = head + body
            self.value["files"].append(
                {
                    "n": name,
                    "hsha256": b64u(sha256(head)),
                    "psha256": b64u(sha256(body)),
                    "plen": len(body),
                    "kids": [IDENTITY.recipient.kid],
                    "epoch": 7,
                    "member": None,
                }
            )
        return files

    def sign(self) -> bytes:
        """Return the signed manifest as it stands."""
        return sign_envelope(self.type, self.value, [self.signer]).to_bytes()


def _with_stanzas(header: Header, extra: tuple[Stanza, ...], file_key: bytes) -> Header:
    import hmac

    stanzas = (*header.stanzas, *extra)
    unsigned = Header(stanzas, b"").to_bytes().removesuffix(b" \n")
    return Header(stanzas, hmac.digest(hkdf(file_key, b"header"), unsigned, "sha256"))


@dataclass
class Case:
    """One vector."""

    name: str
    expect: str
    what: str
    manifest: bytes
    files: dict[str, bytes]
    me: str = RECIPIENT
    now: int = NOW
    first: bool = True
    seen: str | None = None
    identities: tuple[str, ...] = (IDENTITY.text(),)
    rewraps: tuple[dict[str, Any], ...] = ()

    def to_value(self, good: dict[str, bytes]) -> dict[str, Any]:
        """Return the case's JSON."""
        files = {name: "00-good" if good.get(name) == data else b64(data) for name, data in self.files.items()}
        sender = {"agency": SENDER, "member": MEMBER, "sign": b64u(SIGNER.public_key)}
        row = {"expect": self.expect, "what": self.what, "me": self.me, "now": self.now, "first": self.first}
        row |= {"seen": self.seen, "identities": list(self.identities), "sender": sender}
        return row | {"rewraps": list(self.rewraps), "manifest": b64(self.manifest), "files": files}


def made(name: str, expect: str, what: str, change: Callable[[Draft], None] | None = None, **rest: Any) -> Case:
    """Seal a packet with something changed before sealing."""
    draft = Draft("good")
    if change:
        change(draft)
    files = draft.files()
    return Case(name, expect, what, draft.sign(), files, **rest)


def signed(name: str, expect: str, what: str, change: Callable[[dict[str, Any]], None], **rest: Any) -> Case:
    """Seal a good packet and change the manifest before it is signed."""
    draft = Draft("good")
    files = draft.files()
    change(draft.value)
    return Case(name, expect, what, draft.sign(), files, **rest)


def spoilt(name: str, expect: str, what: str, change: Callable[[Case], None], **rest: Any) -> Case:
    """Seal and sign a good packet and change bytes afterwards."""
    case = made(name, expect, what, **rest)
    change(case)
    return case


def setting(*path: Any, to: Any) -> Callable[[dict[str, Any]], None]:
    """Return a change of one member of a manifest."""

    def change(value: dict[str, Any]) -> None:
        *way, last = path
        for step in way:
            value = value[step]
        value[last] = to

    return change


def entry(name: str, content: bytes | None) -> Callable[[Draft], None]:
    """Return a change of one entry of the body."""
    return lambda draft: draft.replace(name, content)


def more(name: str, content: bytes) -> Callable[[Draft], None]:
    """Return a change that adds an entry."""
    return lambda draft: draft.entries["body"].append((name, content))


def raw_archive(change: Callable[[bytearray], None]) -> Callable[[Draft], None]:
    """Return a change of the archive's bytes before they are encrypted."""

    def apply(draft: Draft) -> None:
        plain = bytearray(archive(draft.entries["body"]))
        change(plain)
        draft.plain["body"] = bytes(plain)

    return apply


def poke(at: int, data: bytes, *, block: int | None = None) -> Callable[[bytearray], None]:
    """Return a change of bytes, with the checksum of the tar header `block` made good again."""

    def change(plain: bytearray) -> None:
        plain[at : at + len(data)] = data
        if block is not None:
            head = plain[block : block + 512]
            head[148:156] = b"        "
            plain[block + 148 : block + 156] = b"%06o\0 " % sum(head)

    return change


def flip(name: str, at: int) -> Callable[[Case], None]:
    """Return a change of one bit of a file."""

    def change(case: Case) -> None:
        data = bytearray(case.files[name])
        data[at] ^= 1
        case.files[name] = bytes(data)

    return change


def manifest_text(old: bytes, new: bytes) -> Callable[[Case], None]:
    """Return a change of the envelope's text."""

    def change(case: Case) -> None:
        assert old in case.manifest
        case.manifest = case.manifest.replace(old, new, 1)

    return change


def repayload(change: Callable[[bytes], bytes]) -> Callable[[Case], None]:
    """Return a change of the signed bytes under the old signature or, for grammar, under a new one."""

    def apply(case: Case) -> None:
        envelope = json.loads(case.manifest)
        data = change(from_b64(envelope["payload"]))
        kind = MANIFEST_TYPE.encode()
        message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(data), data)
        envelope["payload"] = b64(data)
        envelope["signatures"][0]["sig"] = b64(SIGNER.sign(message))
        case.manifest = canonical(envelope)

    return apply


def _two_files(draft: Draft) -> None:
    draft.entries["att/1"] = [
        ("meta.json", canonical(meta_value(draft.value, "att/1"))),
        ("attachments/scan.bin", bytes(3000)),
    ]


def _own_record(draft: Draft) -> None:
    draft.value |= {"to": SENDER, "grant": None}
    draft.replace("meta.json", canonical(meta_value(draft.value, "body")))
    draft.replace("basis.json", None)


def _rewrapped(name: str, expect: str, what: str, **rest: Any) -> Case:
    case = made(name, expect, what, identities=(NEXT_IDENTITY.text(),), **rest)
    old = case.files["body"]
    end = old.index(b"\n", old.index(b"\n---") + 1) + 1
    head = make_header([NEXT_IDENTITY.recipient], fixed("file key", FILE_KEY), Dice(name)).to_bytes()
    case.files["body"] = head + old[end:]
    case.rewraps = ({"n": "body", "hsha256": b64u(sha256(head)), "kids": [NEXT_IDENTITY.recipient.kid], "epoch": 8},)
    return case


def _stolen_signature(case: Case) -> None:
    envelope = json.loads(case.manifest)
    other = json.loads(signed("", "", "", setting("inbox", to=b64u(bytes(16)))).manifest)
    envelope["signatures"] = other["signatures"]
    case.manifest = canonical(envelope)


def _other_payload(case: Case) -> None:
    """What a recipient, who knows the file key, could put in the place of the sender's words."""
    draft = Draft("forged")
    draft.replace("sections/identity.json", canonical({"name": "Someone Else"}))
    new, old = draft.files()["body"], case.files["body"]
    head = old.index(b"\n", old.index(b"\n---") + 1) + 1
    case.files["body"] = old[:head] + new[new.index(b"\n", new.index(b"\n---") + 1) + 1 :]


def cases() -> list[Case]:
    """Return all vectors."""
    good = made("00-good", "ok", "A body with a section and a small attachment.")
    return [
        good,
        made("00-good-two-files", "ok", "A body and an attachment in a file of its own.", _two_files),
        made("00-good-own-record", "ok", "An own record: from = to, no grant, no basis.json.", _own_record, me=SENDER),
        _rewrapped("00-good-rewrapped", "ok", "The header of epoch 8 in the place of that of epoch 7."),
        made("00-good-reopened", "ok", "Expired, but accepted before.", now=NOW + 60 * DAY, first=False),
        made("00-good-again", "ok", "The same packet a second time.", seen=_hash(good.manifest)),
        *_read_cases(),
        *_trust_cases(),
        *_file_cases(),
        *_content_cases(),
    ]


def _hash(manifest: bytes) -> str:
    data = from_b64(json.loads(manifest)["payload"])
    kind = MANIFEST_TYPE.encode()
    return b64u(sha256(b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(data), data)))


def _read_cases() -> list[Case]:
    return [
        spoilt("01-manifest-too-large", "too_large", "65537 bytes.", _grow),
        signed("01-packet-too-large", "too_large", "Over 1 GiB.", setting("files", 0, "plen", to=2**30 + 1)),
        spoilt("02-not-json", "malformed", "Not JSON.", manifest_text(b"{", b"[")),
        spoilt(
            "02-not-utf-8", "malformed", "Not UTF-8.", repayload(lambda d: d.replace(b"dj.example", b"dj\xffexample"))
        ),
        spoilt("02-key-twice", "malformed", "A key twice.", repayload(lambda d: b'{"v":1,' + d[1:])),
        spoilt("02-not-a-number", "malformed", "NaN.", repayload(lambda d: d.replace(b'"size":812', b'"size":NaN'))),
        spoilt("02-float", "malformed", "A float.", repayload(lambda d: d.replace(b'"size":812', b'"size":812.0'))),
        spoilt(
            "02-huge-integer", "malformed", "2^60.", repayload(lambda d: d.replace(b":812", b":1152921504606846976"))
        ),
        spoilt("02-spaced", "malformed", "Not in canonical form.", repayload(lambda d: d.replace(b":812", b": 812"))),
        spoilt(
            "02-deep",
            "malformed",
            "Nested 17 deep.",
            repayload(lambda d: d.replace(b":812", b":" + b"[" * 17 + b"]" * 17)),
        ),
        signed("02-unknown-member", "malformed", "A member too many.", setting("extra", to=1)),
        signed("02-true-for-a-number", "malformed", "true where an integer belongs.", setting("log", "size", to=True)),
        signed("02-before-2020", "malformed", "A time before 2020.", setting("created", to=1)),
        signed("02-lives-too-long", "malformed", "401 days.", setting("expires", to=NOW + 401 * DAY)),
        signed("02-no-files", "malformed", "No body.", setting("files", to=[])),
        signed("02-file-out-of-order", "malformed", "att/1 without a body.", setting("files", 0, "n", to="att/1")),
        signed("02-epoch-and-member", "malformed", "Epoch and member.", setting("files", 0, "member", to=MEMBER)),
        signed("02-no-grant", "malformed", "To another agency without a grant.", setting("grant", to=None)),
        signed(
            "02-loose-base64", "malformed", "Trailing bits that are not zero.", setting("packet", to=PACKET[:-1] + "B")
        ),
        spoilt(
            "02-padded-base64", "malformed", "Base64 that is not canonical.", manifest_text(b'"sig":"', b'"sig":"=')
        ),
        made("02-other-type", "malformed", "Another payload type.", lambda d: setattr(d, "type", MANIFEST_TYPE + "x")),
        signed("02-version-2", "unsupported_version", "Version 2.", setting("v", to=2)),
    ]


def _grow(case: Case) -> None:
    case.manifest = case.manifest.replace(b"{", b"{" + b" " * (65537 - len(case.manifest)), 1)


def _trust_cases() -> list[Case]:
    return [
        spoilt("03-signature-of-another-document", "bad_signature", "A signature moved.", _stolen_signature),
        made(
            "04-unknown-signer",
            "unknown_signer",
            "A key without certificate.",
            lambda d: setattr(d, "signer", STRANGER),
        ),
        signed("04-signed-for-another-agency", "unknown_signer", "From another agency.", setting("from", to=OTHER)),
        signed("05-unknown-suite", "unsupported_version", "A suite not on the list.", setting("suite", to="age0+rsa")),
        made("06-from-the-future", "expired", "Created 601 s ahead.", now=NOW - 601),
        made("06-expired", "expired", "Its time for acceptance is over.", now=NOW + 30 * DAY),
        made("07-number-used-twice", "replayed", "Other bytes under this id before.", seen=b64u(bytes(32))),
        made("08-addressed-to-another", "wrong_recipient", "Another agency's packet.", me=OTHER),
    ]


def _file_cases() -> list[Case]:
    scrypt = Stanza("scrypt", ("c2FsdHNhbHRzYWx0c2FsdA", "10"), bytes(32))
    return [
        spoilt("09-file-missing", "malformed", "No body.", lambda c: c.files.clear()),
        spoilt("09-file-too-many", "malformed", "att/1 not in the manifest.", _extra_file),
        spoilt("09-header-changed", "bad_signature", "A bit of the header.", flip("body", 60)),
        spoilt("09-header-replaced", "bad_signature", "A header for another key.", _other_header),
        made(
            "09-passphrase", "unsupported_version", "A scrypt stanza beside.", lambda d: setattr(d, "extra", (scrypt,))
        ),
        signed("09-more-kids-than-stanzas", "malformed", "Two kids, one stanza.", _two_kids),
        made("10-no-key-of-mine", "wrong_recipient", "Sealed to epoch 7.", identities=(NEXT_IDENTITY.text(),)),
        made(
            "10-kid-of-another",
            "wrong_recipient",
            "The kid says 7, the stanza 8.",
            lambda d: setattr(d, "identity", NEXT_IDENTITY),
        ),
        made("10-header-mac", "bad_signature", "The MAC is of another file key.", _wrong_mac),
        spoilt("11-bit-flipped", "bad_signature", "A bit in the payload.", flip("body", -100)),
        spoilt("11-cut-off", "bad_signature", "One byte less.", _cut(lambda d: d[:-1])),
        spoilt("11-goes-on", "bad_signature", "One byte more.", _cut(lambda d: d + b"\0")),
        spoilt("11-other-words", "bad_signature", "Other words under the file key.", _other_payload),
        signed(
            "11-other-length",
            "bad_signature",
            "plen one more.",
            lambda v: v["files"][0].update(plen=v["files"][0]["plen"] + 1),
        ),
        _rewrapped_other_words(),
    ]


def _content_cases() -> list[Case]:
    value = manifest_value()
    meta = meta_value(value, "body")
    link = poke(2048 + 156, b"2", block=2048)
    return [
        made(
            "12-meta-of-another-recipient",
            "bad_signature",
            "Forwarded.",
            entry("meta.json", canonical({**meta, "to": OTHER})),
        ),
        made(
            "12-meta-of-another-author",
            "bad_signature",
            "Re-signed.",
            entry("meta.json", canonical({**meta, "author": PACKET})),
        ),
        made("12-meta-not-first", "malformed", "basis.json first.", lambda d: d.entries["body"].reverse()),
        made("12-no-basis", "bad_signature", "No basis.json.", entry("basis.json", None)),
        made(
            "12-other-excerpt",
            "bad_signature",
            "Not what was committed to.",
            entry("basis.json", canonical({**basis_value(), "excerpt": {}})),
        ),
        made(
            "12-other-basis-key",
            "bad_signature",
            "Another key.",
            entry("basis.json", canonical({**basis_value(), "key": b64u(bytes(32))})),
        ),
        made(
            "12-basis-in-own-record",
            "malformed",
            "An own record has none.",
            lambda d: (_own_record(d), more("basis.json", canonical(basis_value()))(d)),
            me=SENDER,
        ),
        made(
            "12-empty",
            "malformed",
            "Neither section nor attachment.",
            lambda d: d.entries["body"].__delitem__(slice(2, None)),
        ),
        made("12-section-not-json", "malformed", "A key twice.", entry("sections/identity.json", b'{"a":1,"a":2}')),
        made("12-other-entry", "malformed", "A name that packets do not have.", more("readme.txt", b"hello")),
        made("12-name-twice", "malformed", "A section twice.", more("sections/identity.json", b"{}")),
        made(
            "12-two-in-one-file",
            "malformed",
            "Two attachments in att/1.",
            lambda d: (_two_files(d), d.entries["att/1"].append(("attachments/b", b"b"))),
        ),
        made(
            "12-same-name-in-two-files",
            "malformed",
            "One name in body and att/1.",
            lambda d: (_two_files(d), more("attachments/scan.bin", b"x")(d)),
        ),
        made("12-traversal", "malformed", "../ in a name.", raw_archive(poke(2048, b"../etc/passwd\0", block=2048))),
        made(
            "12-absolute",
            "malformed",
            "A name from the root.",
            raw_archive(poke(2048, b"/etc/passwd\0\0\0\0\0\0\0\0\0\0\0", block=2048)),
        ),
        made("12-symbolic-link", "malformed", "A symbolic link.", raw_archive(link)),
        made("12-device", "malformed", "A device.", raw_archive(poke(2048 + 156, b"3", block=2048))),
        made("12-extended-header", "malformed", "A pax header.", raw_archive(poke(2048 + 156, b"x", block=2048))),
        made("12-setuid", "malformed", "Another mode.", raw_archive(poke(2048 + 100, b"0004755\0", block=2048))),
        made(
            "12-larger-than-itself",
            "malformed",
            "8 GiB in 10 KiB.",
            raw_archive(poke(2048 + 124, b"77777777777\0", block=2048)),
        ),
        made("12-behind-the-end", "malformed", "Something in the padding.", raw_archive(poke(10_000, b"hidden"))),
        made("12-behind-an-entry", "malformed", "Something behind an entry.", raw_archive(poke(1000, b"hidden"))),
        made("12-not-padded", "malformed", "Longer than Padmé.", raw_archive(lambda p: p.extend(bytes(512)))),
    ]


def _rewrapped_other_words() -> Case:
    case = _rewrapped("11-rewrapped-other-words", "bad_signature", "A re-wrap does not excuse other words.")
    _other_payload(case)
    return case


def _extra_file(case: Case) -> None:
    case.files["att/1"] = case.files["body"]


def _other_header(case: Case) -> None:
    old = case.files["body"]
    end = old.index(b"\n", old.index(b"\n---") + 1) + 1
    case.files["body"] = make_header([NEXT_IDENTITY.recipient], fixed("x", FILE_KEY), Dice("x")).to_bytes() + old[end:]


def _two_kids(value: dict[str, Any]) -> None:
    value["files"][0]["kids"].append(NEXT_IDENTITY.recipient.kid)


def _wrong_mac(draft: Draft) -> None:
    files = draft.files
    original = draft.file_key

    def broken() -> dict[str, bytes]:
        made_files = files()
        head, _, rest = made_files["body"].partition(b"\n---")
        bad = Header((Header.from_bytes(head + b"\n---" + rest[: rest.index(b"\n") + 1])).stanzas, sha256(original))
        made_files["body"] = bad.to_bytes() + rest[rest.index(b"\n") + 1 :]
        draft.value["files"][0]["hsha256"] = b64u(sha256(bad.to_bytes()))
        return made_files

    draft.files = broken


def _cut(change: Callable[[bytes], bytes]) -> Callable[[Case], None]:
    def apply(case: Case) -> None:
        case.files["body"] = change(case.files["body"])

    return apply


def run(row: dict[str, Any], good: dict[str, str]) -> VerifiedPacket:
    """Verify the packet of a vector's JSON, as any implementation would."""
    files = {name: from_b64(good[name] if data == "00-good" else data) for name, data in row["files"].items()}
    return verify(
        MemoryPacket(from_b64(row["manifest"]), files),
        identities=[Identity.parse(text) for text in row["identities"]],
        me=row["me"],
        senders=OneSender(),
        replay=lambda _: row["seen"],
        now=row["now"],
        first=row["first"],
        rewraps=[Rewrap.from_value(item) for item in row["rewraps"]],
    )


def write(folder: Path) -> None:
    """Write all vectors into a folder."""
    every = cases()
    good = every[0].files
    folder.mkdir(parents=True, exist_ok=True)
    for case in every:
        row = case.to_value({} if case is every[0] else good)
        (folder / f"{case.name}.json").write_text(json.dumps(row, indent=1, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER / "packets")
