"""`pip install .` gives a whole hub: commands, schema, policies, tables and documents, without this checkout."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.support.processes import free_port, until

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
DATA = (
    "hub/followup/policy.json",
    "hub/referrals/referral-states.csv",
    "hub/migrations/versions/0001_first.py",
    "hub/migrations/script.py.mako",
    "hub/web/errors.md",
    "hub/web/static/dist/app/release.json",
    "hub/web/static/dist/l/link.html",
    "consent/policies/2026-12/rules.json",
    "consent/policies/2026-12/tables.json",
    "consent/policies/protect.json",
    "consent/schema/basis.json",
    "consent/words/ar.json",
)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with the distribution alone; its dependencies are those of the interpreter that runs the tests."""
    folder = tmp_path_factory.mktemp("install")
    source, target = folder / "source", folder / "site"
    kept = shutil.ignore_patterns(".*", "__pycache__", "node_modules", "tests", "bench")
    shutil.copytree(ROOT, source, ignore=kept)
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]
    if importlib.util.find_spec("pip") is None:  # an environment that uv made has none
        pip = [str(shutil.which("uv")), "pip", "install", "--python", sys.executable]
    words = ["--no-build-isolation", "--no-deps", "--no-index", "--quiet", "--target", str(target), str(source)]
    done = subprocess.run([*pip, *words], capture_output=True, text=True, cwd=folder, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    shutil.rmtree(source)
    return target


def command(site, *words):
    return [sys.executable, "-P", str(site / "bin" / "hub"), *words]


def environment(site):
    """A path on which the installed copy stands and this checkout does not."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("HUB_", "PYTHON"))}
    return {**clean, "PYTHONPATH": str(site)}


def hub(site, folder, *words):
    """Run the installed console script."""
    options = {"capture_output": True, "text": True, "timeout": 60}
    return subprocess.run(command(site, *words), check=False, env=environment(site), cwd=folder, **options)


def fetched(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.read().decode()
    except OSError:  # nobody listens yet, or the answer did not come in time
        return ""


def test_the_distribution_has_its_data_and_nothing_of_the_tests(installed):
    assert [name for name in DATA if not (installed / name).is_file()] == []
    folders = sorted(path.name for path in installed.iterdir() if path.suffix != ".dist-info")
    assert folders == ["adapters", "bin", "consent", "hub"]
    (metadata,) = installed.glob("handover_hub-*.dist-info/METADATA")
    assert "Name: handover-hub" in metadata.read_text()


def test_the_command_says_its_version_and_what_it_can_do(installed, tmp_path):
    version = hub(installed, tmp_path, "--version")
    assert version.returncode == 0, version.stderr
    (info,) = installed.glob("handover_hub-*.dist-info")
    assert info.name.removeprefix("handover_hub-").removesuffix(".dist-info") in version.stdout
    text = hub(installed, tmp_path, "--help").stdout
    assert all(word in text for word in ("serve", "worker", "packet", "log", "demo"))


def test_a_hub_is_made_and_served_from_the_installed_copy(installed, tmp_path):
    data, port = tmp_path / "hub", free_port()
    url = f"http://127.0.0.1:{port}"
    about = ("--host", "hub.example", "--operator", "Ministry", "--kind", "authority", "--country", "DJ", "--url", url)
    made = hub(installed, tmp_path, "init", str(data), *about)
    assert made.returncode == 0, made.stdout + made.stderr
    words = command(installed, "serve", "--data", str(data), "--port", str(port))
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(words, env=environment(installed), cwd=tmp_path, stdout=log, stderr=log)
    try:
        until(lambda: fetched(f"{url}/healthz"), "the installed hub to serve")
        assert json.loads(fetched(f"{url}/healthz"))["log_size"] == 2  # its own entry, and what it serves
        assert "unavailable" in fetched(f"{url}/errors")
        assert json.loads(fetched(f"{url}/api/v1/openapi.json"))["openapi"].startswith("3.1")
    finally:
        server.terminate()
        assert server.wait(60) == 0
