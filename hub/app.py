"""The composition root: creates a hub on disk, opens it, and builds the Flask application out of the rooms.

Holds no rule. What every request passes is in `hub.web.frame`; what runs by the clock in `hub.jobs`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask

import hub.auth.routes
import hub.directory.areas.routes
import hub.directory.duplicates.routes
import hub.directory.feed.routes
import hub.directory.gaps.routes
import hub.directory.hsds.routes
import hub.directory.imports.routes
import hub.directory.matching.routes
import hub.directory.networks.routes
import hub.directory.routes
import hub.directory.servicemap.routes
import hub.directory.text.routes
import hub.directory.upkeep.page.routes
import hub.directory.upkeep.routes
import hub.federation.routes
import hub.handoffs.routes
import hub.links.routes
import hub.notify.routes
import hub.proxies.routes
import hub.queues.routes
import hub.reports.routes
import hub.timers.routes
import hub.web.key_routes
import hub.web.log_routes
import hub.web.page_routes
import hub.web.recovery_routes
import hub.web.routes
import hub.web.totp_routes
import hub.webhooks.routes
from hub.auth.access import register_access
from hub.clock import FileClock, SystemClock
from hub.context import EXTENSION, Hub
from hub.db import Database
from hub.freeze.machine import FreezeMachine
from hub.handofflog.guard import ForkGuard
from hub.handoffs.blobs import Blobs
from hub.handoffs.intake import Intake
from hub.handoffs.jobs import replay_deletions
from hub.inquiries.machine import InquiryMachine
from hub.keys.certificates import HubEntry
from hub.keys.headerbox import HeaderKeys
from hub.keys.keyring import Keyring
from hub.links.access import register_links
from hub.migrations.run import check, upgrade
from hub.notify.sms import check_gateway
from hub.referrals.machine import ReferralMachine
from hub.timers.machine import TimerMachine
from hub.transfer.cases import CaseMachine, NoticeMachine, SuccessionMachine
from hub.transfer.machine import TransferMachine
from hub.web import identity
from hub.web.frame import frame
from hub.web.release import log_release

if TYPE_CHECKING:
    from hub.clock import Clock
    from hub.settings import Settings

BLUEPRINTS = (
    hub.web.routes.blueprint,
    hub.web.log_routes.blueprint,
    hub.web.key_routes.blueprint,
    hub.web.recovery_routes.blueprint,
    hub.web.page_routes.blueprint,
    hub.auth.routes.blueprint,
    hub.web.totp_routes.blueprint,
    hub.handoffs.routes.blueprint,
    hub.directory.routes.blueprint,
    hub.directory.hsds.routes.blueprint,
    hub.directory.areas.routes.blueprint,
    hub.directory.feed.routes.blueprint,
    hub.directory.duplicates.routes.blueprint,
    hub.directory.gaps.routes.blueprint,
    hub.directory.imports.routes.blueprint,
    hub.directory.matching.routes.blueprint,
    hub.directory.networks.routes.blueprint,
    hub.directory.servicemap.routes.blueprint,
    hub.directory.text.routes.blueprint,
    hub.directory.upkeep.routes.blueprint,
    hub.directory.upkeep.page.routes.blueprint,
    hub.federation.routes.blueprint,
    hub.queues.routes.blueprint,
    hub.links.routes.blueprint,
    hub.proxies.routes.blueprint,
    hub.reports.routes.blueprint,
    hub.timers.routes.blueprint,
    hub.notify.routes.blueprint,
    hub.webhooks.routes.blueprint,
)


def create_hub(settings: Settings, about: identity.Identity, *, clock: Clock | None = None) -> HubEntry:
    """Make a new hub in `settings.data`: key, identity, schema, and its own entry as the first of its log.

    Raises:
        Conflict: a hub lives there already.
    """
    signer = identity.create(settings.data, about)
    entry = HubEntry(about.host, about.operator, about.kind, about.country, signer.public_key)
    database = Database(settings.database_url)
    try:
        upgrade(database)
        with database.write() as connection:
            ring = Keyring(connection, about.host, about.certifier_keys())
            ring.publish(HubEntry, entry.to_envelope(signer).to_bytes(), now=(clock or clock_of(settings)).now())
        ForkGuard(database, about.host, settings.data).publish(signer)
    finally:
        database.close()
    return entry


def clock_of(settings: Settings) -> Clock:
    """Return the clock that the settings ask for."""
    return FileClock(Path(settings.clock_file)) if settings.clock_file else SystemClock()


def open_hub(settings: Settings, *, clock: Clock | None = None) -> Hub:
    """Return the hub that lives in `settings.data`, ready to serve.

    Raises:
        Unavailable: none lives there, its schema is not this release's, its log does not fit its checkpoint, or its
            gateway for texts is not set up.
    """
    check_gateway(settings)
    about, signer = identity.load(settings.data)
    database = Database(settings.database_url)
    try:
        check(database)
        ForkGuard(database, about.host, settings.data).check()
    except BaseException:
        database.close()
        raise
    settings = replace(settings, url=settings.url or about.url)
    opened = Hub(settings, database, clock or clock_of(settings), signer, about.host, about.certifier_keys())
    opened.intake = _intake(opened)
    replay_deletions(opened)
    return opened


def create_app(settings: Settings, *, clock: Clock | None = None) -> Flask:
    """Return the application of the hub in `settings.data`, whose log now names the pages that it serves."""
    opened = open_hub(settings, clock=clock)
    log_release(opened)
    return build_app(opened)


def build_app(opened: Hub) -> Flask:
    """Return the application of an open hub."""
    app = Flask("hub", static_folder=None)
    app.url_map.merge_slashes = False  # it would redirect, to whatever host the request names
    app.extensions[EXTENSION] = opened
    api = frame(app, opened.settings)
    register_access(app)
    hub.federation.routes.register_peers(app)
    register_links(app)
    hub.notify.routes.register_gateways(app)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    return app


def _intake(opened: Hub) -> Intake:
    data = opened.settings.data
    kinds = (
        *(ReferralMachine, FreezeMachine, InquiryMachine, TimerMachine),
        *(TransferMachine, CaseMachine, NoticeMachine, SuccessionMachine),
    )
    machines = [kind(opened.origin) for kind in kinds]
    return Intake(
        origin=opened.origin,
        signer=opened.signer,
        clock=opened.clock,
        blobs=Blobs(data),
        header_keys=HeaderKeys(data / "header-keys"),
        machines={machine.kind: machine for machine in machines},
    )
