"""What no file may have, and how long files may be."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 450
LONG_FOR_A_REASON = {
    "hub/keys/certificates.py": "the seven key documents of protocol.md §6, which share one grammar and one chain",
}
CRYPTOGRAPHERS = {"packets", "statements", "handofflog", "keys"}
REGISTRIES = re.compile(
    r"(pypi|pythonhosted|npmjs|yarnpkg|jsdelivr|unpkg|cdnjs|crates|rubygems)\.(org|com|net|io)", re.IGNORECASE
)
MACHINES = re.compile(r"(?<![\w.])/(work|home|root|Users)/[a-z]")


def tracked():
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    return [ROOT / name for name in names.decode().split("\0") if name and (ROOT / name).exists()]


def texts():
    for path in tracked():
        try:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def python_files():
    return [path for folder in ("hub", "consent", "adapters") for path in sorted((ROOT / folder).rglob("*.py"))]


def test_no_file_but_documents_names_a_package_registry():
    allowed = ("docs/", "README.md", "CONTRIBUTING.md", "tests/architecture/test_files.py")
    named = [name for name, text in texts() if not name.startswith(allowed) and REGISTRIES.search(text)]
    assert named == []


def test_no_lock_names_where_its_packages_come_from():
    found = [
        name
        for name, text in texts()
        if name.endswith((".lock", "package-lock.json"))
        and re.search(r"--(extra-)?index-url|--find-links|file:///|\"resolved\"|https?://", text)
    ]
    assert [name for name in found if "funding" not in name] == []


def test_no_file_names_a_place_on_somebodys_machine():
    assert [
        name for name, text in texts() if name != "tests/architecture/test_files.py" and MACHINES.search(text)
    ] == []


def test_files_are_short_or_have_a_reason():
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in python_files()
        if "versions" not in path.parts and (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert set(long) == set(LONG_FOR_A_REASON), long


def test_every_module_says_what_it_does():
    silent = [
        path.name for path in python_files() if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_rooms_hold_a_docstring_and_nothing_else():
    for path in python_files():
        if path.name == "__init__.py":
            assert len(ast.parse(path.read_text(encoding="utf-8")).body) == 1, path


def test_cryptography_stays_in_four_rooms():
    rooms = {path: path.relative_to(ROOT).parts for path in python_files()}
    outside = [
        "/".join(parts) for path, parts in rooms.items() if parts[1] not in CRYPTOGRAPHERS and imports(path, "nacl")
    ]
    assert outside == []


def test_the_time_is_asked_in_one_place():
    asking = {
        path.relative_to(ROOT).as_posix()
        for path in python_files()
        if re.search(r"\b(time\.time|datetime\.now|datetime\.utcnow|date\.today)\(", path.read_text(encoding="utf-8"))
    }
    assert asking == {"hub/clock.py"}


def imports(path, package):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        if any(name.split(".")[0] == package for name in names):
            return True
    return False
