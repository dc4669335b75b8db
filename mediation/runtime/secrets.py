"""R-089: no password or other secret stands in a configuration. Pure: values in, what is wrong out.

A secret is known by the name of its key, by being a private key in PEM, or by standing in a URL as `user:secret@host`.
Keys and passwords lie in files of their own, readable by their owner; a configuration names the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

_NAME: Final = re.compile(
    r"passw(or)?d|passphrase|passcode|secret|token|credential|api_?key|private_?key|signing_?key|hmac_?key",
    re.IGNORECASE,
)
_PEM: Final = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^/@\s:]*:[^/@\s]+@", re.IGNORECASE)


def secrets_in(values: Mapping[str, object], path: str = "") -> Iterator[str]:
    """The places, as `links.0.password`, that hold a secret."""
    for name, value in values.items():
        yield from _look(str(name), value, f"{path}{name}")


def _look(name: str, value: object, where: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from secrets_in(value, f"{where}.")
    elif isinstance(value, list | tuple):
        for number, one in enumerate(value):
            yield from _look(name, one, f"{where}.{number}")
    elif isinstance(value, str) and (_NAME.search(name) or _PEM.search(value) or _URL.search(value)):
        yield where
