"""The console's own pictures, style and scripts, read once at the start. There is no way from a request to the disk.

All are served under one name that their octets give, `/static/<name>/…`, so a browser keeps them for good and a new
version is a new address. Vendored files are as their makers published them (`static/vendor/SHA256SUMS`).
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parent / "static"
TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
"""What is served; a licence or a list of sums lies beside it and is not."""


class StaticFile(NamedTuple):
    octets: bytes
    content_type: str


class StaticFiles:
    def __init__(self, root: Path = ROOT) -> None:
        self._files: dict[str, StaticFile] = {}
        digest = hashlib.sha256()
        for path in sorted(root.rglob("*")):
            content_type = TYPES.get(path.suffix)
            if content_type is None or not path.is_file():
                continue
            name, octets = path.relative_to(root).as_posix(), path.read_bytes()
            self._files[name] = StaticFile(octets, content_type)
            digest.update(name.encode() + b"\0" + hashlib.sha256(octets).digest())
        self.name = digest.hexdigest()[:16]

    def url(self, name: str) -> str:
        """Raises KeyError for a file that is not there: a template that names one is wrong."""
        if name not in self._files:
            raise KeyError(f"there is no static file {name}")
        return f"/static/{self.name}/{name}"

    def find(self, version: str, name: str) -> StaticFile | None:
        return self._files.get(name) if version == self.name else None
