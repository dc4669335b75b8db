"""Record management's process: pages and an API over TLS with the lab's CA, deeds on the control port, one ledger.

    https  GET /, /cases/ID, /privacy, /ledger …              people, signed in with id and password
           POST /api/v1/packages, /api/v1/items               who brings something, by certificate
    http   POST /do/DEED {"by": …}                            on loopback, for the lab: who sits there says who they are

It opens no connection to anybody: the collector cannot be asked from here (R-171).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from aiohttp import web
from sqlalchemy import insert

from asn1.errors import LabError, RefusedError
from collector.store.audit_log import AuditLog, OneKey
from collector.store.private_files import own_signing_key, read_public_key
from lab.agency.records.config import RecordsConfig
from lab.agency.records.database import Database
from lab.agency.records.deeds import DEEDS, Asked
from lab.agency.records.office import Office
from lab.agency.records.receiving import Receiving
from lab.agency.records.tables import CASES, DISCLOSURES, ITEMS, PACKAGES, PEOPLE
from lab.agency.records.web import Web
from mediation.runtime.logs import get_logger
from mediation.runtime.process import ReadyFn
from mediation.runtime.status import start_http, start_status

ORIGIN: Final = "calea-lab/records"
CAPACITY_OCTETS: Final = 256 << 20
LOOK_S: Final = 1.0
"""How often what is due is looked at."""
MOST_OCTETS: Final = 1 << 30


async def run(config: RecordsConfig, ready: ReadyFn, stop: asyncio.Event) -> None:
    """The process's own work, as `run_process` wants it."""
    await Service(config).run(ready, stop)


class Service:
    def __init__(self, config: RecordsConfig) -> None:
        self._config = config
        self._clock = config.clock.clock()
        self._log = get_logger("records")
        self._said: set[str] = set()

    async def run(self, ready: ReadyFn, stop: asyncio.Event) -> None:
        config = self._config
        key = own_signing_key(config.data_dir / "keys", "records")
        async with contextlib.AsyncExitStack() as stack:
            audit = AuditLog(config.data_dir / "audit", OneKey(key), CAPACITY_OCTETS, ORIGIN)
            stack.callback(audit.close)
            database = Database(config.database_url)
            stack.callback(database.close)
            self.office = Office(
                config.name, config.data_dir, database, audit, config.schedule,
                [read_public_key(one).public_bytes_raw() for one in config.collector_keys],
                self._clock.now_us,
            )  # fmt: skip
            self._known_people()
            # One thread does all that blocks: entries of the ledger come in the order of the answers.
            worker = ThreadPoolExecutor(1, thread_name_prefix="office")
            stack.callback(worker.shutdown)
            pages = Web(self.office, Receiving(self.office, key), worker, config)
            stack.callback(pages.close)
            looking = asyncio.create_task(self._look(worker))
            stack.callback(looking.cancel)
            runner, port = await start_http(
                config.listen,
                pages.routes(),
                MOST_OCTETS,
                pages.middlewares(),
                pages.prepare,
                client_certificates=False,
            )
            stack.push_async_callback(runner.cleanup)
            control, control_port = await start_status(config.control, self.status, [self._deed_route(worker)])
            stack.push_async_callback(control.cleanup)
            ports = {"https": port, "control": control_port}
            self._log.info("listening", ports=ports, simulation=True)
            ready(ports)
            await stop.wait()

    def _known_people(self) -> None:
        """Those of the configuration; a password is set by hand (`calea-lab agency password`)."""
        for person in self._config.people:
            if self.office.database.one(PEOPLE, user_id=person.user_id) is None:
                with self.office.database.writing() as connection:
                    connection.execute(insert(PEOPLE), {"user_id": person.user_id, "role": person.role})

    def status(self) -> dict[str, Any]:
        database = self.office.database
        counted = {"cases": CASES, "packages": PACKAGES, "items": ITEMS, "disclosures": DISCLOSURES}
        return {"simulation": True, "name": self._config.name} | {
            name: len(database.all(table)) for name, table in counted.items()
        }

    async def _look(self, worker: ThreadPoolExecutor) -> None:
        """R-154: what was not reported in time is an alarm, once."""
        while True:
            await asyncio.sleep(LOOK_S)
            with contextlib.suppress(LabError):
                await asyncio.get_running_loop().run_in_executor(worker, self._alarm)

    def _alarm(self) -> None:
        for incident_id in self.office.overdue():
            if incident_id not in self._said:
                self._said.add(incident_id)
                self.office.put("duty_alarm", {"subject": incident_id, "rule": "R-154", "state": "OVERDUE"})

    def _deed_route(self, worker: ThreadPoolExecutor) -> web.RouteDef:
        async def post(request: web.Request) -> web.Response:
            deed = DEEDS.get(request.match_info["deed"])
            if deed is None:
                return web.json_response({"error": f"There is no such deed: {', '.join(DEEDS)}."}, status=404)
            try:
                asked = json.loads(await request.read() or b"{}")
                if not isinstance(asked, dict):
                    raise ValueError
            except (ValueError, RecursionError):
                return web.json_response({"error": "The body is a JSON object."}, status=400)
            return await answered(worker, lambda: deed(self.office, Asked(asked)).as_json())

        return web.post("/do/{deed}", post)


async def answered(worker: ThreadPoolExecutor, work: Callable[[], Mapping[str, Any]]) -> web.Response:
    """What came of it as JSON; 403 for what the law refuses, with its rules."""
    try:
        done = await asyncio.get_running_loop().run_in_executor(worker, work)
    except RefusedError as error:
        return web.json_response({"error": str(error)}, status=403)
    except LabError as error:
        return web.json_response({"error": str(error)}, status=409)
    return web.json_response(dict(done), status=200 if done.get("allowed", True) else 403)
