"""The web app on an origin that the hub's operator does not run: the files of a release, and the address of one hub.

The files are the hub's byte for byte but for one attribute of the page, which names the hub; whoever checks the release
takes it as empty. What serves them has no key and no data, and learns who asks for the app and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.keys.releases import MANIFEST
from hub.packets.encoding import b64u, sha256
from hub.web import release

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from typing import Any

_PAGE: Final = "index.html"
_OURS: Final = "app/"
_META: Final = b'<meta name="hub" content="'
_OWN: Final = "connect-src 'self'"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_TYPES: Final = {
    "html": "text/html",
    "js": "text/javascript",
    "css": "text/css",
    "txt": "text/plain",
    "json": "application/json",
    "webmanifest": "application/manifest+json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "wasm": "application/wasm",
}
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


@dataclass(frozen=True, slots=True)
class Written:
    """An app that was written to a folder: its release, and the headers to serve it with."""

    hash: str
    headers: Mapping[str, str]


def headers(hub: str) -> dict[str, str]:
    """Return the headers that the app for a hub is to be served with, whatever file is asked for."""
    policy = release.current().policy.replace(_OWN, f"{_OWN} {hub}")
    return {"Content-Security-Policy": policy, **HEADERS}


def files(hub: str) -> Iterator[tuple[str, bytes]]:
    """Yield the app's files for a hub: name below the origin's root, bytes."""
    for path in (*release.current().files, f"{_OURS}{MANIFEST}"):
        if path.startswith(_OURS):
            data, _ = release.read(path, "")
            name = path.removeprefix(_OURS)
            yield name, data.replace(_META, _META + hub.encode()) if name == _PAGE else data


def export(folder: Path, hub: str) -> Written:
    """Write the app for a hub to a folder, with the headers that its server is to send in the file `headers`.

    Beside each file stands its compressed form, for servers that look for one; the page has none, as it was changed.
    """
    for name, data in files(hub):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        for ending in (".br", ".gz") if name != _PAGE else ():
            compressed, coded = release.read(f"{_OURS}{name}", ending)
            if coded:
                path.with_name(f"{path.name}{ending}").write_bytes(compressed)
    written = Written(release.current().hash, headers(hub))
    (folder / "headers").write_text("".join(f"{name}: {value}\n" for name, value in written.headers.items()))
    return written


def application(hub: str) -> Any:
    """Return the app for a hub as a WSGI application at the root of an origin."""
    found, sent = dict(files(hub)), headers(hub)

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        name = environ["PATH_INFO"].lstrip("/") or _PAGE
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"} or name not in found:
            start("404 Not Found", [*HEADERS.items(), ("Content-Type", "text/plain"), ("Content-Length", "0")])
            return []
        data, more = found[name], {"Content-Type": _TYPES[name.rpartition(".")[2]], "Vary": "Accept-Encoding"}
        if name.startswith("assets/"):
            more["Cache-Control"] = _FOR_EVER
        else:
            more["ETag"] = f'"{b64u(sha256(data))}"'
            if environ.get("HTTP_IF_NONE_MATCH") == more["ETag"]:
                start("304 Not Modified", list({**sent, **more}.items()))
                return []
        if name != _PAGE and "br" in environ.get("HTTP_ACCEPT_ENCODING", ""):
            data, coded = release.read(f"{_OURS}{name}", ".br")
            more |= {"Content-Encoding": "br"} if coded else {}
        start("200 OK", list({**sent, **more, "Content-Length": str(len(data))}.items()))
        return [data] if environ["REQUEST_METHOD"] == "GET" else []

    return answer


def serve(hub: str, *, bind: str, port: int, ready: Callable[[], None]) -> None:
    """Serve the app for a hub until told to end."""
    from waitress.server import create_server

    server = create_server(application(hub), host=bind, port=port, ident=None)
    ready()
    try:
        server.run()
    finally:
        server.close()
