"""One entry for everything a developer or a newcomer runs: demo, test, check, bench. Standard library only.

Sets up `.venv` from the hash-pinned lock (with uv where it is installed, else pip), then hands over to it.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from web import build as pages

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
VERBS = {
    "demo": "play the main job: two children are handed over across a border (--serve, --packet DIR, --keep DIR)",
    "test": "run every test, and check; extra words go to pytest",
    "check": "format, lint, types, import contracts",
    "bench": "measure, print ratios",
    "screenshots": "take pictures of every screen of the web app, into .dev/screens or the folder that is named",
}
OLDEST = (3, 11)


def main() -> int:
    """Run one verb; return its exit code."""
    verb = sys.argv[1] if len(sys.argv) > 1 else ""
    if verb not in VERBS:
        print("usage: python3 dev.py VERB\n" + "\n".join(f"  {name:11} {what}" for name, what in VERBS.items()))
        return 2
    if sys.version_info < OLDEST:
        return _with_newer_python()
    _set_up("requirements.lock" if verb == "demo" else "requirements-dev.lock")
    _build_pages()
    return _COMMANDS[verb](sys.argv[2:])


def _with_newer_python() -> int:
    for minor in (14, 13, 12, 11):
        found = shutil.which(f"python3.{minor}")
        if found:
            return subprocess.call([found, *sys.argv])
    print("Handover needs Python 3.11 or newer.")
    return 1


def _set_up(lock: str) -> None:
    stamp = VENV / f".{lock}.stamp"
    wanted = hashlib.sha256((ROOT / lock).read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    uv = shutil.which("uv")
    if not PYTHON.exists():
        print("Setting up .venv …", flush=True)
        made = subprocess.call([uv, "venv", "-q", VENV] if uv else [sys.executable, "-m", "venv", VENV])
        if made:
            sys.exit("Could not make a virtual environment; on Debian or Ubuntu: apt install python3-venv")
    print(f"Installing {lock} …", flush=True)
    pip = [uv, "pip", "install", "--python", PYTHON] if uv else [PYTHON, "-m", "pip", "install", "--no-input"]
    quiet = ["-q", *([] if uv else ["--disable-pip-version-check"])]
    if subprocess.call([*pip, *quiet, "--require-hashes", "-r", ROOT / lock]):
        sys.exit("Could not install the packages; the lines above say why.")
    stamp.write_text(wanted)
    if lock == "requirements-dev.lock":  # it holds all of the others
        for part in (ROOT / "requirements.lock", ROOT / "requirements-web.lock"):
            (VENV / f".{part.name}.stamp").write_text(hashlib.sha256(part.read_bytes()).hexdigest())


def _build_pages() -> None:
    """Build the pages that run in a browser, once after each change; a hub without them does everything else."""
    if pages.fresh():
        return
    print("Building the pages …", flush=True)
    _set_up("requirements-web.lock")
    if _run(str(ROOT / "web" / "build.py")):
        print("Going on without the pages.")


def _run(*words: str, **extra: str) -> int:
    """Run Python in `.venv`. What it compiles is kept, beside the tree: tests start many hubs, which need it anew."""
    kept = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(ROOT / ".dev" / "pycache")}
    path = f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}".rstrip(os.pathsep)
    environment = {**os.environ, **kept, "PYTHONPATH": path, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", **extra}
    return subprocess.call([str(PYTHON), *words], cwd=ROOT, env=environment)


def _demo(words: list[str]) -> int:
    return _run("-m", "hub.cli.main", "demo", *words)


def _test(words: list[str]) -> int:
    # one more than there are cores: many tests wait for a browser, a hub or a disk
    tests = ("-m", "pytest", "-n", str((os.cpu_count() or 1) + 1), "--dist")
    checked = _check([])
    if checked:
        return checked
    if words:
        return _run(*tests, "worksteal", *words)
    ran = _run(*tests, "worksteal", "--ignore=tests/scenarios")
    # a scenario is one long story over several processes: whoever begins a file tells it to its end
    return _run(*tests, "loadfile", "tests/scenarios") or ran


def _check(_words: list[str]) -> int:
    steps = (
        ("-m", "ruff", "format", "--check", "--quiet", "."),
        ("-m", "ruff", "check", "--quiet", "."),
        ("-m", "mypy"),
        (str(ROOT / "web" / "build.py"), "check"),
        ("-c", "from importlinter.cli import lint_imports_command as c; c()"),
    )
    return next((code for code in (_run(*step) for step in steps) if code), 0)


def _bench(words: list[str]) -> int:
    return _run("-m", "bench", *words)


def _screenshots(words: list[str]) -> int:
    return _run(str(ROOT / "web" / "screenshots.py"), *words)


_COMMANDS = {"demo": _demo, "test": _test, "check": _check, "bench": _bench, "screenshots": _screenshots}

if __name__ == "__main__":
    sys.exit(main())
