"""A console beside the real office of the lab's court: same clock, the court's own documents, its signed answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collector.store.private_files import own_signing_key
from lab.court import Court
from lab.court_office.config import CourtOfficeConfig
from lab.court_office.service import serve
from lab.desk import AGENCY
from lab.paths import RunPaths
from tests.collector.conftest import TARGET
from tests.collector.console.world import CASE, DAY_US, OTHER_CASE, World


@dataclass
class SameClock:
    """The console's, once there is one."""

    world: World | None = None

    def now_us(self) -> int:
        assert self.world is not None
        return self.world.clock.now_us()


async def open_courthouse(
    root: Path, at_us: int, open_console: Callable[..., Awaitable[World]], stack: AsyncExitStack
) -> tuple[World, Court]:
    """The orders of the usual world, signed by this court; the console reads them from its inbox."""
    run = root / "run"
    court = Court(RunPaths(run))
    court.make_keys()
    start = (at_us - DAY_US) // 1_000_000 * 1_000_000
    common: dict[str, Any] = {
        "targets": [f"e164:{TARGET}"],
        "start": start,
        "end": start + 20 * DAY_US,
        "agency": AGENCY,
    }
    warrant = {"kind": "EAVESDROPPING", "services": ["VOICE", "SMS", "DATA"]}
    court.issue(common | warrant | {"order_id": "O-1", "liid": "LAB-0001", "case_id": CASE})
    court.issue(common | {"kind": "PRTT", "order_id": "O-2", "liid": "LAB-0002", "case_id": CASE})
    court.issue(common | warrant | {"order_id": "O-3", "liid": "LAB-0003", "case_id": OTHER_CASE})
    keys = root / "console" / "keys"
    own_signing_key(keys, "console")
    clock, stop, ready = SameClock(), asyncio.Event(), asyncio.Queue[dict[str, int]]()
    config = CourtOfficeConfig(data_dir=root / "court_office", run=run, command_public_key=keys / "signing.pub")
    serving = asyncio.create_task(serve(config, clock, ready.put_nowait, stop))

    async def end() -> None:
        stop.set()
        await serving

    stack.push_async_callback(end)
    port = (await ready.get())["control"]
    world = await open_console(
        court_public_key=court.public_key_path,
        hi1_inbox=RunPaths(run).inbox("collector"),
        court={"host": "127.0.0.1", "port": port},
    )
    clock.world = world
    return world, court
