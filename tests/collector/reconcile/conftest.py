"""A real network element behind X1, a real collector store (the collector's own Lab), and a reconciler over both."""

import shutil
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from asn1 import x1
from carrier_sim.delivery import DeliveryOptions
from carrier_sim.element import Element, TaskingError
from carrier_sim.x1_server import PATH, X1Server
from collector.reconcile.config import ReconcileConfig
from collector.reconcile.service import Reconciler
from mediation.interception import xid_of
from mediation.runtime.config import PLAIN_WORDS, Listen
from mediation.runtime.exchange import new_session
from mediation.runtime.status import start_http

NE_ID, ADMF_ID = "ne-1", "admf-1"
DID = uuid.UUID(int=1)


def now_us() -> int:
    return time.time_ns() // 1000


class ShowingServer(X1Server):
    """The simulator's X1 server; with `shows` false it answers as an element that does not know GetTaskDetails."""

    shows = True

    def _do(self, message: x1.X1Message, reply: x1.X1Reply) -> x1.X1Reply:
        if message.kind == "GetTaskDetails" and not self.shows:
            raise TaskingError(x1.UNSUPPORTED_REQUEST, "this element does not show its tasks")
        return super()._do(message, reply)


@dataclass
class Network:
    """One element, and its ADMF reduced to three commands."""

    element: Element
    server: ShowingServer
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{PATH}"

    async def send(self, kind: str, **body: Any) -> None:
        message = x1.X1Message(kind, ADMF_ID, NE_ID, uuid.uuid4(), now_us(), **body)
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.url, data=x1.build_request([message])) as answer,
        ):
            (reply,) = x1.parse_response(await answer.read())
        assert reply.error is None, reply

    async def task(self, name: str, *numbers: str, kind: str = "ActivateTask") -> uuid.UUID:
        """A task of the order `name` as the mediation function's ADMF would name it."""
        xid = xid_of(name)
        targets = tuple(("e164Number", number) for number in numbers)
        await self.send(kind, task=x1.TaskDetails(xid, targets, "X2Only", (DID,)))
        return xid

    async def untask(self, name: str) -> None:
        await self.send("DeactivateTask", xid=xid_of(name))


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    element = Element(DeliveryOptions(1 << 16, retry_s=30.0))
    server = ShowingServer(element, NE_ID, ADMF_ID, now_us, ("reconciler-1",))
    runner, port = await start_http(Listen(), server.routes())
    found = Network(element, server, port)
    await found.send("CreateDestination", destination=x1.ip_destination(DID, "X2andX3", "127.0.0.1", 9))
    yield found
    await runner.cleanup()
    await element.close()


class Watch:
    """A reconciler driven cycle by cycle; `ahead_us` sets its clock forward."""

    def __init__(self, lab: Any, network: Network) -> None:
        self.lab, self.network = lab, network
        self.inbox = lab.root / "reconcile-inbox"
        self.inbox.mkdir(exist_ok=True)

    def receive_documents(self) -> None:
        """What the court issued to the collector reaches the reconciler too."""
        for path in self.lab.court.inbox.glob("*.json"):
            shutil.copy(path, self.inbox)

    def config(self, ahead_us: int = 0, **changes: Any) -> ReconcileConfig:
        real_us = now_us()
        return ReconcileConfig.model_validate(
            {
                "data_dir": self.lab.root / "reconcile",
                "clock": {"anchor_us": real_us, "base_us": real_us + ahead_us},
                "court_public_key": self.lab.root / "court.pub",
                "hi1_inbox": self.inbox,
                "elements": [{"url": self.network.url, "ne_id": NE_ID, "admf_id": ADMF_ID, "plain": PLAIN_WORDS}],
                "collector": {
                    "store": self.lab.data / "store",
                    "audit": self.lab.data / "audit",
                    "public_key": self.lab.data / "keys" / "signing.pub",
                },
                "grace_us": 0,
            }
            | changes
        )

    def open(self, ahead_us: int = 0, **changes: Any) -> Reconciler:
        return Reconciler(self.config(ahead_us, **changes))

    async def cycle(self, reconciler: Reconciler) -> list[tuple[str, str]]:
        """One cycle; (code, subject) of the findings open after it."""
        async with new_session() as session:
            await reconciler.cycle(session)
        return [(one["code"], one["subject"]) for one in reconciler.status()["findings"]]


@pytest.fixture
def watch(lab: Any, network: Network) -> Watch:
    return Watch(lab, network)


@pytest.fixture
def http_status() -> Any:
    """`GET /status` of a control port."""

    async def get(port: int) -> Any:
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/status") as answer:
            return await answer.json()

    return get
