"""The PostgreSQL of a run as one of its processes: made at the first start, ended with the run, kept for the next.

Whoever comes from loopback is trusted, as everything of a run trusts its own machine. What it said is durable is: a
stream's mark that a power cut took away would let a record be stored twice. It never outlives this process, which is
what a run knows how to end.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from lab import postgres
from lab.fleet.config import PostgresConfig
from mediation.runtime.config import NotReadyError
from mediation.runtime.logs import get_logger
from mediation.runtime.process import ReadyFn
from mediation.runtime.status import start_status

DATABASE = "fleet"
_LOOK_S = 0.2


async def run(config: PostgresConfig, ready: ReadyFn, stop: asyncio.Event) -> None:
    """The process's own work, as `run_process` wants it. Raises NotReadyError."""
    log = get_logger("postgres")
    server = await asyncio.to_thread(
        postgres.start_lasting, config.directory, config.listen.host, config.listen.port, config.connections, True
    )
    try:
        await asyncio.to_thread(server.make_database, DATABASE)

        def status() -> dict[str, Any]:
            return {"simulation": True, "database": server.url(DATABASE), "directory": str(config.directory)}

        runner, port = await start_status(config.control, status)
        try:
            log.info("listening", ports={"postgres": server.port, "control": port})
            ready({"postgres": server.port, "control": port})
            while not stop.is_set():
                if server.ended:
                    raise NotReadyError(f"The PostgreSQL server of the run has ended; its words are in {server.words}.")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _LOOK_S)
        finally:
            await runner.cleanup()
    finally:
        await asyncio.to_thread(server.stop)
