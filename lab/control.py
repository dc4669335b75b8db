"""Talking to a process's control port on loopback: GET and POST of small JSON objects, blocking, with a time limit."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any

from asn1.errors import RemoteError

_TIMEOUT_S = 5.0
_DEED_S = 30.0
"""For a POST: who does what it is asked before it answers takes as long as the machine lets it."""
_MAX_ANSWER_OCTETS = 16 << 20


class ControlError(RemoteError):
    """The control port does not answer, or answers something else than JSON."""


class ControlRefusedError(ControlError):
    """The control port says no; `says` is its sentence."""

    def __init__(self, message: str, says: str) -> None:
        super().__init__(message)
        self.says = says


def get(port: int, path: str = "/status", word: str = "") -> dict[str, Any]:
    """`word`: what a port that does not believe everybody on loopback wants to be shown."""
    return _ask("GET", port, path, None, word)


def post(port: int, path: str, body: Mapping[str, Any] | list[Any] | None = None, word: str = "") -> dict[str, Any]:
    return _ask("POST", port, path, body or {}, word)


def answer(port: int, path: str, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    """A POST whose refusal is an answer too: its status, and the object that came with it."""
    status, octets = _exchange("POST", port, path, body, "")
    try:
        value = json.loads(octets)
    except ValueError as error:
        raise ControlError(f"The control port {port} answered POST {path} with something else than JSON.") from error
    return status, value if isinstance(value, dict) else {"answer": value}


def _ask(method: str, port: int, path: str, body: Mapping[str, Any] | list[Any] | None, word: str) -> dict[str, Any]:
    status, octets = _exchange(method, port, path, body, word)
    if status >= 300:
        text = octets[:200].decode(errors="replace")
        raise ControlRefusedError(
            f"The control port {port} refused {method} {path}: {status} {text}", _sentence(octets) or text
        )
    try:
        value = json.loads(octets) if octets else {}
    except ValueError as error:
        raise ControlError(
            f"The control port {port} answered {method} {path} with something else than JSON."
        ) from error
    return value if isinstance(value, dict) else {"answer": value}


def _exchange(
    method: str, port: int, path: str, body: Mapping[str, Any] | list[Any] | None, word: str
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S if method == "GET" else _DEED_S)
    try:
        sent = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if sent else {}
        connection.request(method, path, sent, headers | ({"Authorization": f"Bearer {word}"} if word else {}))
        answer = connection.getresponse()
        octets = answer.read(_MAX_ANSWER_OCTETS)
    except (OSError, http.client.HTTPException) as error:
        raise ControlError(f"The control port {port} does not answer {method} {path}: {error}.") from error
    finally:
        connection.close()
    return answer.status, octets


def _sentence(octets: bytes) -> str:
    """The `error` of an answer in JSON."""
    try:
        value = json.loads(octets)
    except ValueError:
        return ""
    return str(value.get("error", "")) if isinstance(value, dict) else ""
