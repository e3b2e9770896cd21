"""A member at work: an unlocked profile, a session at the hub, and what both are needed for in every use case.

Holds the keys in memory while it lives. Signs statements, seals and sends packets; what may be sealed to whom is
`hub.client.basis`'s and `hub.client.referrals`'s business. Nothing here decides for the hub: it may refuse all of it.
"""

from __future__ import annotations

import json
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.client.profile import Profile, Secrets, Unlocked, write_private
from hub.client.transport import HubSession, well_formed
from hub.client.trust import Trust, devices_of
from hub.clock import Clock, SystemClock
from hub.errors import BadSignature, Forbidden, PeerUnreachable, StaleVersion, TotpRequired, WrongRecipient
from hub.ids import AgencyId, HandoffId, MemberId, PacketId, random_id
from hub.keys.certificates import PERSON_ONLY, EpochGrant
from hub.keys.devices import EpochSecret, open_grant
from hub.keys.pins import Pins
from hub.keys.vault import open_local, seal_local
from hub.packets.age import Recipient
from hub.packets.container import FolderPacket
from hub.packets.encoding import b64u
from hub.packets.manifest import read_manifest
from hub.packets.multipart import Body
from hub.packets.seal import Attachment, Basis, Plan, seal
from hub.statements.grammar import Grade, MemberActor, Role, Statement
from hub.statements.verify import sign_statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import requests

    from hub.keys.pins import TrustedAgency, TrustedKeys
    from hub.keys.vault import KdfParameters, VaultKeys
    from hub.packets.age import Identity
    from hub.packets.dsse import Envelope, Signer
    from hub.statements.links import Link

DAY = 86_400
RECORD_LIFE = 400 * DAY
PACKET_LIFE = 60 * DAY
KEYS = "keys.json"
SESSION = "session.sealed"


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a packet is sealed to: an agency's newest epoch, or one member's devices."""

    agency: str
    inbox: str
    recipients: tuple[Recipient, ...]
    epoch: int | None
    member: str | None


@dataclass(frozen=True, slots=True)
class Sealed:
    """A packet in a folder of its own, ready to send."""

    source: FolderPacket
    hash: str
    packet: str


class Member:
    """A signed-in member of an agency."""

    def __init__(self, profile: Profile, unlocked: Unlocked, hub: HubSession, clock: Clock) -> None:
        self.profile = profile
        self.account = profile.account
        self.hub = hub
        self.clock = clock
        self._unlocked = unlocked
        self._epochs: dict[int, EpochSecret] = {}
        self._roles: frozenset[str] | None = None
        self.opened: dict[str, tuple[str, Any]] = {}
        """Records of cases that were opened, with the statement after which each is the newest: in memory alone."""
        self.ask_code: Callable[[], str] | None = None
        """Asks a person for a code of their authenticator app."""
        hub.sign_in = self.sign_in
        hub.use(self.load_sealed(SESSION).get("token"))
        self.trust = Trust(hub, Pins.from_value(unlocked.secrets.pins), host=self.account.host, clock=clock)

    # -- who

    @property
    def agency(self) -> str:
        """The member's agency."""
        return self.account.agency

    @property
    def id(self) -> str:
        """The member's pseudonymous id."""
        return self.account.member

    @property
    def secrets(self) -> Secrets:
        """What the vault holds."""
        return self._unlocked.secrets

    @property
    def content_key(self) -> bytes:
        """The key of the vault, for a new recovery code."""
        return self._unlocked.keys.kek

    @property
    def signer(self) -> Signer:
        """What signs for the member."""
        return self.secrets.device.signer()

    def roles(self) -> frozenset[str]:
        """Return the roles that the agency's certificate gives; empty before it does."""
        if not self._roles:
            self._roles = frozenset(self.hub.get("/api/v1/me")["roles"])
        return self._roles

    def role(self, allowed: frozenset[str] | None = None) -> str:
        """Return the role to act in: the first of the member's that is allowed.

        Raises:
            Forbidden: none of them is.
        """
        mine = self.roles() & (allowed or frozenset(Role))
        if not mine:
            named = " or ".join(sorted(role.replace("_", " ") for role in allowed or ()))
            raise Forbidden(
                "None of your roles allows this.", todo=f"Ask a colleague who is {named}." if named else None
            )
        return next(role.value for role in Role if role in mine)

    def me(self, allowed: frozenset[str] | None = None) -> MemberActor:
        """Return the member as the signer of a statement."""
        return MemberActor(self.agency, self.id, self.role(allowed))

    # -- keys

    def home(self) -> TrustedAgency:
        """Return the member's own agency as its key entry says it is."""
        return self.trust.agency(self.agency, fresh=False)

    def epochs(self) -> dict[int, EpochSecret]:
        """Return the agency's epoch secrets that were granted to this device, by number."""
        rows = [EpochGrant.from_value(row) for row in self.hub.get("/api/v1/grants")]
        if not {grant.epoch for grant in rows} <= {epoch.epoch for epoch in self.home().entry.enc}:
            self.trust.forget()
        published = self.home().entry.enc
        self._epochs |= {n: own for n, own in self.secrets.epochs.items() if own.public() in published}
        listed = min((epoch.epoch for epoch in published), default=0)
        for grant in rows:
            if grant.epoch not in self._epochs and grant.epoch >= listed:
                self._epochs[grant.epoch] = open_grant(grant, self.secrets.device, published)
        return self._epochs

    def identities(self, epochs: Iterable[int | None]) -> list[Identity]:
        """Return the age identities of this device that may open a packet of these epochs (None: one person's)."""
        if not {number for number in epochs if number is not None} <= self._epochs.keys():
            self.epochs()
        return [self.secrets.device.identity, *(secret.identity for secret in self._epochs.values())]

    def target(
        self, agency: TrustedAgency, *, person: str | None = None, inbox: str | None = None, link: Link | None = None
    ) -> Target:
        """Return whom to seal to at an agency: its newest epoch, one person, or whoever holds a link.

        Raises:
            WrongRecipient: no such inbox or person, or a committee instead of a person (R16).
        """
        entry = agency.entry
        chosen = inbox or (entry.inboxes[0] if entry.inboxes else "")
        if chosen not in entry.inboxes:
            raise WrongRecipient("The recipient has no such inbox.", todo="Fetch its newest keys and choose again.")
        if link is not None:
            return Target(entry.agency, chosen, (Recipient.parse(link.recipient),), None, link.id)
        if person is not None:
            devices = devices_of(agency, person, self.clock.now())
            return Target(entry.agency, chosen, tuple(Recipient.parse(d.recipient) for d in devices), None, person)
        if entry.kind == PERSON_ONLY:
            raise WrongRecipient("Choose a person, not the committee.", todo="Name the person.", rule="R16")
        epoch = entry.newest_epoch()
        return Target(entry.agency, chosen, (Recipient.parse(epoch.recipient),), epoch.epoch, None)

    def own_target(self) -> Target:
        """Return whom own records are sealed to: the agency's epoch, or this member where there is none."""
        home = self.home()
        return self.target(home, person=None if home.entry.enc else self.id)

    # -- sealing and sending

    def seal(
        self,
        folder: Path,
        target: Target,
        sections: Mapping[str, Any],
        *,
        packet: str | None = None,
        basis: Basis | None = None,
        attachments: Sequence[Path] = (),
    ) -> Sealed:
        """Seal a packet into `folder`. The basis is judged already."""
        now, life = self.clock.now(), RECORD_LIFE if basis is None else PACKET_LIFE
        plan = Plan(
            packet=PacketId(packet or random_id()),
            sender=AgencyId(self.agency),
            to=AgencyId(target.agency),
            inbox=target.inbox,
            created=now,
            expires=now + life,
            log=self.trust.log_head(),
            basis=basis,
            author=MemberId(self.id),
            recipients=target.recipients,
            epoch=target.epoch,
            member=None if target.member is None else MemberId(target.member),
            sections=sections,
            attachments=[Attachment.of(path) for path in attachments],
        )
        source = FolderPacket(folder)
        seal(plan, self.signer, source)
        return Sealed(source, read_manifest(source.manifest())[1].hash, plan.packet)

    def statement(
        self,
        kind: str,
        handoff: str,
        body: Mapping[str, Any],
        *,
        by: Sequence[MemberActor],
        heads: Sequence[str] = (),
        grade: Grade = Grade.SIGNED,
        part: Sealed | None = None,
    ) -> Envelope:
        """Return a statement with this member's signature, the first of `by`."""
        parts, now, before = () if part is None else (part.hash,), self.clock.now(), tuple(sorted(heads))
        said = Statement(kind, HandoffId(handoff), before, tuple(by), now, grade, dict(body), parts)
        return sign_statement(said, [self.signer])

    def send(self, path: str, statement: Envelope, source: FolderPacket | None = None) -> dict[str, Any]:
        """Send a statement and the packet beside it; return the hub's answer."""
        body = Body(random_id())
        body.add("statement", statement.to_bytes())
        if source is not None:
            body.add("manifest", source.manifest())
            for name in sorted(source.names(), key=lambda name: (len(name), name)):
                body.add(name.replace("att/", "att-"), source.folder / f"{name}.age")
        answer = self.hub.submit(path, body)
        with well_formed():
            return dict(answer)

    # -- the vault

    def keep(
        self, *, recovery: bytes | None = None, lock: tuple[VaultKeys, KdfParameters] | None = None, **changes: Any
    ) -> None:
        """Seal the vault again with these members changed, at the hub first and then here; `lock` is for new keys.

        Where another device of this member was faster, its vault is opened first and these members changed in that.

        Raises:
            Unauthenticated: another device gave the vault a new passphrase.
        """
        try:
            self._keep(recovery, lock, changes)
        except StaleVersion:
            if lock is not None:
                raise
            self._catch_up()
            if "epochs" in changes:  # none that another device started is dropped
                changes["epochs"] = {**self.secrets.epochs, **changes["epochs"]}
            self._keep(recovery, lock, changes)

    def _catch_up(self) -> None:
        vault = self.hub.get("/api/v1/vault")
        self._unlocked = self.profile.opened(vault, self._unlocked.keys)
        self.profile.keep(vault)
        self.trust.pins = Pins.from_value(self.secrets.pins).joined(self.trust.pins)

    def _keep(
        self, recovery: bytes | None, lock: tuple[VaultKeys, KdfParameters] | None, changes: Mapping[str, Any]
    ) -> None:
        keys, kdf = lock or (self._unlocked.keys, self._unlocked.kdf)
        secrets = replace(self.secrets, **changes, auth=keys.auth, pins=self.trust.pins.to_value())
        version = self._unlocked.version + 1
        vault = self.profile.seal(secrets, keys, kdf, version, recovery)
        given = {name: item for name, item in vault.items() if name != "kdf" or lock}
        new = {"auth": b64u(keys.auth)} if lock else {}
        self.hub.put("/api/v1/vault", {**given, **new, "current": b64u(self.secrets.auth)})
        self.profile.keep(vault)
        self._unlocked = Unlocked(secrets, keys, version, kdf)

    def keep_pins(self) -> None:
        """Seal the vault again if what is trusted has changed."""
        self.keep_keys()
        if self.trust.pins.to_value() != self.secrets.pins:
            with suppress(StaleVersion):  # another process of this member was faster; pins are learned again
                self.keep()

    def keep_keys(self) -> None:
        """Keep the own agency's key documents as the hub served them last, for a proof without it."""
        if self.agency in self.trust.served:
            self.profile.save_json(KEYS, self.trust.served[self.agency])

    def own_keys(self) -> TrustedKeys:
        """Return who may sign for the own agency: as the hub says now, or, where it is away, as it said last."""
        try:
            return self.trust.keys(self.agency)
        except PeerUnreachable:
            served = self.profile.load_json(KEYS, dict)
            if not served:
                raise
            return self.trust.kept_keys(self.agency, served)

    def load_sealed(self, name: str) -> dict[str, Any]:
        """Return what `save_sealed` kept; empty where it was never kept, or cannot be opened: it is made again."""
        path = self.profile.folder / name
        with suppress(FileNotFoundError, BadSignature):
            found: dict[str, Any] = json.loads(
                open_local(path.read_bytes(), self._unlocked.keys, login=self.account.login, name=name)
            )
            return found
        return {}

    def save_sealed(self, name: str, value: dict[str, Any]) -> None:
        """Keep an object on this machine, sealed with the vault's key."""
        data = json.dumps(value, separators=(",", ":")).encode()
        write_private(
            self.profile.folder / name, seal_local(data, self._unlocked.keys, login=self.account.login, name=name)
        )

    def sign_in(self) -> str:
        """Return the token of a new session; one that took a code of an app is kept, sealed, for the next process.

        Raises:
            TotpRequired: it takes a code, and there is nobody to ask, or it does not fit.
        """
        kept = self.load_sealed(SESSION)
        known = {"known": kept["known"]} if "known" in kept else {}
        given = {"login": self.account.login, "auth": b64u(self.secrets.auth), **known}
        try:
            opened, coded = self.hub.open(given), False
        except TotpRequired:
            if self.ask_code is None:
                raise
            opened, coded = self.hub.open({**given, "code": self.ask_code()}), True
        if coded or known.get("known") != opened["known"]:
            self.save_sealed(SESSION, opened if coded else {"known": opened["known"]})
        return opened["token"]

    def __repr__(self) -> str:
        return f"Member({self.account.login})"


def unlock(
    folder: Path, passphrase: str, *, clock: Clock | None = None, http: requests.Session | None = None
) -> Member:
    """Return the member whose profile is in `folder`. Needs no network.

    Raises:
        Unauthenticated: wrong passphrase.
        NotFound: there is no profile.
    """
    profile = Profile(folder)
    unlocked = profile.unlock(passphrase)
    return Member(profile, unlocked, HubSession(profile.account.url, http=http), clock or SystemClock())


@contextmanager
def workspace() -> Iterator[Path]:
    """Yield a folder for ciphertext that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="hub-") as folder:
        yield Path(folder)
