"""A hub that serves a copy of the built pages, which a test changes as a new release would, or as a liar would."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hub.keys.releases import MANIFEST
from hub.packets.encoding import b64u, canonical, parse_json, sha256
from hub.web import release
from web import build

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = "app/index.html"


@dataclass
class Pages:
    """The pages in a folder of the test's own."""

    folder: Path

    def change(self, path: str, old: str, new: str) -> None:
        """Change a file and nothing else: what is served is then not what the list says."""
        file = self.folder / path
        file.write_text(file.read_text().replace(old, new))
        for ending in (".br", ".gz"):
            (self.folder / f"{path}{ending}").unlink(missing_ok=True)

    def release(self) -> str:
        """List the files as they are now; return the name of that release."""
        path = self.folder / "app" / MANIFEST
        value = parse_json(path.read_bytes())
        for file in value["files"]:
            data = (self.folder / file["path"]).read_bytes()
            file.update(size=len(data), sha256=b64u(sha256(data)))
        path.write_bytes(canonical(value))
        for ending in (".br", ".gz"):
            path.with_name(f"{MANIFEST}{ending}").unlink(missing_ok=True)
        release.current.cache_clear()
        return release.current().hash


@contextmanager
def pages(folder: Path, patch: Any) -> Iterator[Pages]:
    """Let hubs of this process serve a copy of the built pages."""
    build.build()
    shutil.copytree(release.DIST, folder)
    patch.setattr(release, "DIST", folder)
    release.current.cache_clear()
    yield Pages(folder)
    patch.undo()
    release.current.cache_clear()


@dataclass
class Meter:
    """A WSGI application, and what it answered: path, status, bytes of the body."""

    app: Any
    answers: list[tuple[str, int, int]] = field(default_factory=list)

    def __call__(self, environ: Any, start: Any) -> Any:
        seen: list[int] = []

        def noted(status: str, headers: Any, *more: Any) -> Any:
            seen.append(int(status[:3]))
            return start(status, headers, *more)

        body = b"".join(self.app(environ, noted))
        self.answers.append((environ["PATH_INFO"], seen[0], len(body)))
        return [body]

    def since(self, mark: int) -> dict[str, int]:
        """Bytes by path since so many answers."""
        found: dict[str, int] = {}
        for path, _, size in self.answers[mark:]:
            found[path] = found.get(path, 0) + size
        return found
