"""A provider without an account: does with Python what the page of a link does in a browser.

Knows the address that was handed over, and nothing else. Verifies what it is served as a client does; can be told to
do wrong: another device, another time, a nonce twice, a statement that no link may sign.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from hub.client.links import LinkKeys, proof_of
from hub.client.transport import problem
from hub.ids import AgencyId, HandoffId, MemberId, PacketId, host_of, random_id
from hub.keys.certificates import fingerprint
from hub.keys.pins import Pins, ProvenDocument, TrustedKeys, accept_agency
from hub.links.access import signed_bytes
from hub.packets.age import Recipient
from hub.packets.checkpoint import Checkpoint
from hub.packets.container import MANIFEST_NAME, FolderPacket
from hub.packets.dsse import Envelope, Signer
from hub.packets.encoding import b64u, canonical, from_b64u
from hub.packets.manifest import read_manifest
from hub.packets.seal import Basis, Plan, seal
from hub.packets.verify import verify
from hub.statements.grammar import STATEMENT_TYPE, Grade, MemberActor, Statement
from hub.statements.verify import sign_statement
from tests.support.factories import CERTIFIER_KEYS

if TYPE_CHECKING:
    from pathlib import Path

    from hub.clock import Clock

TIMEOUT = 20


@dataclass
class Provider:
    """Somebody with a link, at one device."""

    address: str = field(repr=False)
    clock: Clock
    folder: Path
    device: Signer = field(default_factory=lambda: Signer(secrets.token_bytes(32)))
    seen: dict[str, Any] = field(default_factory=dict)
    """What the hub said when the link was opened."""

    def __post_init__(self) -> None:
        parts = urlsplit(self.address)
        self.base, self.id = f"{parts.scheme}://{parts.netloc}", parts.path.rpartition("/")[2]
        self.last: dict[str, str] = {}
        self.secret = from_b64u(parts.fragment, 32)
        self.keys = LinkKeys.of(self.secret)

    def other_device(self) -> Provider:
        return replace(self, device=Signer(secrets.token_bytes(32)), seen={})

    # What the page asks

    def ask(self, method: str, path: str = "", value: Any = None, **how: Any) -> bytes:
        """Send a signed request; `by`, `at`, `nonce` and `signed_path` may be other ones than a page would take."""
        path = f"/api/v1/links/{self.id}{path}"
        body = b"" if value is None else canonical(value)
        signer, at = how.get("by", self.device), how.get("at", self.clock.now())
        nonce = how.get("nonce") or random_id()
        message = signed_bytes(method, how.get("signed_path", path), at, nonce, how.get("signed_body", body))
        sig = b64u(signer.sign(message))
        said = f"Link key={b64u(signer.public_key)},at={at},nonce={nonce},sig={sig}"
        headers = {"Authorization": said} | ({"Content-Type": "application/json"} if method != "GET" else {})
        answer = requests.request(
            method, self.base + path, data=body or None, headers=headers, timeout=TIMEOUT, allow_redirects=False
        )
        if not answer.ok:
            raise problem(answer.status_code, answer.content)
        return answer.content

    def status(self) -> dict[str, Any]:
        return json.loads(self.ask("GET", by=self.keys.signer))

    def ask_for_code(self) -> str:
        return json.loads(self.ask("POST", "/code", {}, by=self.keys.signer))["ends"]

    def open(self, digits: str, *, sms: bool = False) -> dict[str, Any]:
        """Give a code, by voice unless it came as a text, and claim the link for this device."""
        said = {"code": digits} if sms else {"proof": b64u(proof_of(self.secret, digits))}
        asked = {"device": b64u(self.device.public_key), **said}
        self.seen = json.loads(self.ask("POST", "/open", asked, by=self.keys.signer))
        return self.seen

    def bind(self, device: Signer | None = None) -> dict[str, Any]:
        """Sign with the link's key which device it is."""
        body = {"sign": b64u((device or self.device).public_key)}
        return self.post(self.statement("referral.bind", body, heads=self.seen["heads"]), self.keys.signer)

    def enter(self, digits: str) -> Provider:
        """Open and bind, as a person with the right code does."""
        self.open(digits)
        self.bind()
        return self

    def handoff(self) -> dict[str, Any]:
        return json.loads(self.ask("GET", "/handoff"))

    def download(self, manifest: str, name: str = "body") -> bytes:
        return self.ask("GET", f"/packets/{manifest}/files/{name}")

    # What it reads and says

    def read(self) -> dict[str, Any]:
        """Return the sections of the newest packet for this link, all of docs/protocol.md §4.4 verified."""
        shown = self.handoff()
        named = [part for row in shown["statements"] for part in payload(row["envelope"])["parts"]]
        mine = [row for row in shown["packets"] if row["to_agency"] == shown["to_agency"]]
        newest = max(mine, key=lambda row: named.index(row["manifest"]))
        manifest, _ = read_manifest(canonical(newest["envelope"]))
        folder = self.folder / random_id()
        folder.mkdir(parents=True)
        source = FolderPacket(folder)
        (folder / MANIFEST_NAME).write_bytes(canonical(newest["envelope"]))
        for entry in manifest.files:
            with source.file(entry.n) as sink:
                sink.write(self.download(newest["manifest"], entry.n))
        packet = verify(
            source,
            identities=[self.keys.identity],
            me=shown["to_agency"],
            senders=self.trusted(shown),
            replay=lambda _packet: None,
            now=self.clock.now(),
        )
        return dict(packet.sections)

    def trusted(self, shown: dict[str, Any]) -> TrustedKeys:
        """Return who may sign, out of what was served, judged by the certifiers that everybody knows."""
        pins, found = Pins(frozenset(CERTIFIER_KEYS)), {}
        for host, key in shown["hubs"].items():
            pins = pins.trust_hub(host, from_b64u(key), fingerprint(from_b64u(key)))
        for agency, served in shown["keys"].items():
            head, pins = pins.see_checkpoint(served["checkpoint"], host_of(agency))
            documents = [ProvenDocument.from_value(row) for row in served["entries"]]
            found[agency], pins = accept_agency(pins, agency, documents, head)
        return TrustedKeys(found, pins.hubs)

    def say(self, step: str, body: dict[str, Any] | None = None, words: dict[str, Any] | None = None) -> dict[str, Any]:
        """Sign a step with the device's key; `words` go sealed to the sender."""
        shown = self.handoff()
        named = {head for row in shown["statements"] for head in payload(row["envelope"])["heads"]}
        heads = sorted(row["hash"] for row in shown["statements"] if row["hash"] not in named)[-16:]
        part = None if words is None else self.reply(shown, words)
        said = self.statement(f"referral.{step}", body or {}, heads=heads, part=part)
        return self.post(said, self.device, part)

    def statement(
        self, kind: str, body: dict[str, Any], *, heads: list[str], part: FolderPacket | None = None, **other: Any
    ) -> Statement:
        by = MemberActor(self.seen["agency"], self.id, "provider")
        parts = () if part is None else (read_manifest(part.manifest())[1].hash,)
        made = Statement(
            kind, HandoffId(self.seen["handoff"]), tuple(heads), (by,), self.clock.now(), Grade.LINK, body, parts
        )
        return replace(made, **other)

    def post(self, said: Statement, signer: Signer, part: FolderPacket | None = None) -> dict[str, Any]:
        self.last = value = {"statement": sign_statement(said, [signer]).to_bytes().decode()}
        if part is not None:
            with part.stream("body") as body:
                value |= {"manifest": part.manifest().decode(), "body": b64u(body.read())}
        return self.again()

    def again(self) -> dict[str, Any]:
        """Send what was sent last once more, byte for byte."""
        return json.loads(self.ask("POST", "/statements", self.last))

    def reply(self, shown: dict[str, Any], words: dict[str, Any]) -> FolderPacket:
        """Seal words to the sender's epoch, on the basis that they answer what was sent."""
        submission = next(row for row in shown["statements"] if row["type"] == "referral.submit")
        answered = payload(submission["envelope"])["parts"][0]
        mine = next(row for row in shown["packets"] if row["to_agency"] == shown["to_agency"])
        grant = read_manifest(canonical(mine["envelope"]))[0].grant
        entry = self.trusted(shown).agencies[shown["from_agency"]].entry
        excerpt = {"v": 1, "basis": "reply", "to": entry.agency, "in_reply_to": answered, "categories": ["reply"]}
        epoch = entry.newest_epoch()
        folder = self.folder / random_id()
        folder.mkdir(parents=True)
        plan = Plan(
            packet=PacketId(random_id()),
            sender=AgencyId(shown["to_agency"]),
            to=AgencyId(entry.agency),
            inbox=entry.inboxes[0],
            created=self.clock.now(),
            expires=self.clock.now() + 86_400,
            log=Checkpoint(host_of(shown["to_agency"]), 0, bytes(32)),
            basis=Basis(secrets.token_bytes(32), excerpt, entry.country, grant.until),
            author=MemberId(self.id),
            recipients=[Recipient.parse(epoch.recipient)],
            epoch=epoch.epoch,
            sections={"reply": {"v": 1, **words}},
        )
        source = FolderPacket(folder)
        seal(plan, self.device, source)
        return source


def wrong(code: str) -> str:
    """Return six digits that are not the code."""
    return f"{(int(code) + 1) % 10**6:06d}"


def payload(envelope: dict[str, Any]) -> dict[str, Any]:
    return Envelope.from_bytes(canonical(envelope), STATEMENT_TYPE).value
