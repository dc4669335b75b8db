"""Asking the fault proxy of the lab, a process of another package: over its control port, with the word it wants.

Rules. Loopback alone; what it says is bounded in time and size and shown as text. Whether somebody may ask is settled
before, by the desk; the proxy's own log has their name. What it refuses is a RefusedError with its sentence.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import aiohttp

from asn1.errors import RefusedError
from collector.console.config import FaultsPlace
from mediation.runtime.config import NotReadyError

TIMEOUT_S: Final = 10.0
_MAX_ANSWER_OCTETS: Final = 1 << 20


class FaultProxy:
    """`place` None: no run of this console has one."""

    def __init__(self, place: FaultsPlace | None) -> None:
        self._place = place

    @property
    def configured(self) -> bool:
        return self._place is not None

    async def show(self) -> dict[str, Any]:
        """`links`, `on` and `kinds` (docs/faults.md). Raises NotReadyError."""
        return await self._ask("GET", "/faults", None)

    async def add(self, by: str, fault: Mapping[str, Any]) -> str:
        """The new fault's id. Raises RefusedError, NotReadyError."""
        return str((await self._ask("POST", "/faults/add", {"by": by, "fault": dict(fault)})).get("id", "?"))

    async def clear(self, by: str, name: str) -> None:
        """One by its id, or `all`. Raises RefusedError, NotReadyError."""
        await self._ask("POST", "/faults/clear", {"by": by, "id": name})

    async def _ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        if self._place is None:
            raise NotReadyError("This run has no fault proxy: start it with `calea-lab up --faults`.")
        try:
            word = self._place.word_file.read_text().strip()
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S), trust_env=False) as session,
                session.request(
                    method,
                    f"http://{self._place.control.host}:{self._place.control.port}{path}",
                    json=body,
                    headers={"Authorization": f"Bearer {word}"},
                    allow_redirects=False,
                ) as answer,
            ):
                octets = await answer.content.read(_MAX_ANSWER_OCTETS)
                value = json.loads(octets)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError, RecursionError) as error:
            raise NotReadyError(f"The fault proxy does not answer ({type(error).__name__}).") from error
        if not isinstance(value, dict):
            raise NotReadyError("The fault proxy answers something else than an object.")
        if answer.status != 200:
            raise RefusedError(str(value.get("error", f"The fault proxy says {answer.status}."))[:500])
        return value
