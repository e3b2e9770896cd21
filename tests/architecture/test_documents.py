"""What the documents promise is what the code has: errors, settings, jobs."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from hub import errors
from hub.jobs.registry import JOBS
from hub.settings import Settings
from hub.web.problems import status_of

DOCS = Path(__file__).parents[2] / "docs"


def sections(name):
    text = (DOCS / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^## (\S+)\n\n(.+?)(?=\n## |\Z)", text, flags=re.MULTILINE | re.DOTALL))


def classes(kind=errors.HubError):
    return {kind, *(found for child in kind.__subclasses__() for found in classes(child))}


def test_every_error_has_a_section_and_every_section_an_error():
    assert set(sections("errors.md")) == {kind.code for kind in classes()}


def test_no_two_classes_share_a_code():
    assert len({kind.code for kind in classes()}) == len(classes())


@pytest.mark.parametrize("kind", sorted(classes(), key=lambda kind: kind.code))
def test_a_section_says_the_status_and_what_to_do(kind):
    text = sections("errors.md")[kind.code]
    assert text.startswith(f"HTTP {status_of(kind)}")
    assert len(text.split(". ")) >= 2


def test_every_setting_is_in_the_operators_manual():
    manual = (DOCS / "operations.md").read_text(encoding="utf-8")
    named = set(re.findall(r"HUB_[A-Z_]+", manual))
    assert named == {f"HUB_{field.name.upper()}" for field in fields(Settings)}


def test_every_job_is_in_the_operators_manual():
    manual = (DOCS / "operations.md").read_text(encoding="utf-8")
    for job in JOBS:
        assert f"`{job.name}`" in manual


def test_links_between_documents_lead_somewhere():
    for page in DOCS.glob("*.md"):
        for target in re.findall(r"\]\(([a-z0-9/_.-]+\.md)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
