"""The carrier's administration function: court documents in, X1 tasks out.

It looks into its inbox, checks each document's signature itself (R-058) and keeps the network element's tasks as the
orders say: active from an order's start to its end on the run's clock, changed with a new version, gone with a
revocation. It repeats itself safely: a task or destination that is there already is in order. Which task belongs to
which order is a function of the order's id, so a restart needs no memory.
"""

from __future__ import annotations

import asyncio
import ipaddress
import itertools
import uuid
from pathlib import Path
from typing import Any, Final

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from asn1 import x1
from asn1.errors import DecodeError, LabError
from mediation.law.documents import MAX_DOCUMENT_OCTETS, parse_document
from mediation.law.orders import CourtOrder, OrderState, TargetKind
from mediation.runtime.clock import Clock
from mediation.runtime.logs import get_logger

NAMESPACE: Final = uuid.UUID("6f1c6f0e-6c61-5d0a-9a2e-63616c65612d")
POLL_S: Final = 0.2
LOOK_EVERY: Final = 25
"""The element is asked what it holds with the first look into the inbox and every so many: each five seconds."""
_IN_FORCE: Final = frozenset({OrderState.ISSUED, OrderState.ACTIVE})


def xid_of(order_id: str) -> uuid.UUID:
    """The XID of an order's task."""
    return uuid.uuid5(NAMESPACE, f"order:{order_id}")


def did_of(interface: str) -> uuid.UUID:
    return uuid.uuid5(NAMESPACE, f"destination:{interface}")


def identifiers(order: CourtOrder) -> tuple[tuple[str, str], ...]:
    """The order's targets as X1 target identifiers; a host name has none of its own and is named by its address."""
    found: list[tuple[str, str]] = []
    for target in order.targets:
        if target.kind is TargetKind.E164:
            found.append(("e164Number", target.value))
        elif target.kind is TargetKind.IMSI:
            found.append(("imsi", target.value))
        elif target.kind is TargetKind.SIP_URI:
            found.append(("sipUri", target.value))
        elif target.kind is TargetKind.IPV4:
            found.append(("ipv4Address", target.value))
        elif target.kind is TargetKind.IPV6:
            found.append(("ipv6Address", ipaddress.IPv6Address(target.value).exploded))
    return tuple(found)


class Admf:
    """`orders` by XID are what the mediation function judges by; kept past their end for what still arrives."""

    def __init__(
        self, inbox: Path, public_key: Ed25519PublicKey, url: str, ne_id: str, admf_id: str, clock: Clock,
        slack_us: dict[str, int],
    ) -> None:  # fmt: skip
        self.orders: dict[uuid.UUID, CourtOrder] = {}
        self.refused = 0
        self._inbox = inbox
        self._public_key = public_key
        self._url = url
        self._ne_id = ne_id
        self._admf_id = admf_id
        self._clock = clock
        self._slack_us = slack_us
        self._seen: set[str] = set()
        # The version each task was told; 0 when the element may not have it.
        self._active: dict[uuid.UUID, int] = {}
        self._destinations: tuple[x1.DestinationDetails, ...] = ()
        self._created = False
        self._log = get_logger("mediation.admf")

    @property
    def active_tasks(self) -> int:
        return sum(1 for version in self._active.values() if version)

    def deliver_to(self, x2: tuple[str, int], x3: tuple[str, int]) -> None:
        """Where our own intake listens."""
        self._destinations = (
            x1.DestinationDetails(did_of("x2"), "X2Only", *x2, friendly_name="mediation X2"),
            x1.DestinationDetails(did_of("x3"), "X3Only", *x3, friendly_name="mediation X3"),
        )

    async def run(self) -> None:
        """Keep the element's tasks as the orders say; until cancelled."""
        timeout = aiohttp.ClientTimeout(total=5)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            for rounds in itertools.count():
                self.read_inbox()
                try:
                    if rounds % LOOK_EVERY == 0:
                        await self._look(session)
                    await self._reconcile(session)
                except (aiohttp.ClientError, TimeoutError, DecodeError) as error:
                    # The element may be down or restarted: everything is said again when it answers.
                    self._created = False
                    self._forget()
                    self._log.warning("x1_unreachable", why=type(error).__name__)
                await asyncio.sleep(POLL_S)

    async def _look(self, session: aiohttp.ClientSession) -> None:
        """Ask what the element holds. What it lost (it was started anew) is said again; what it holds of an order that
        ended while nobody could say so (we were started anew) is taken away. Tasks of others are left alone."""
        (reply,) = await self._post(session, [self._message("ListAllDetails")])
        if reply.error:
            self._log.warning("x1_refused", kind=reply.kind, code=reply.error[0])
            return
        held = frozenset(reply.xids)
        for xid in [xid for xid, version in self._active.items() if version and xid not in held]:
            self._log.warning("task_lost", xid=str(xid))
            del self._active[xid]
        for xid in held & self.orders.keys() - self._active.keys():
            self._active[xid] = 0
        if not {one.did for one in self._destinations} <= set(reply.dids):
            self._created = False

    def read_inbox(self) -> None:
        for path in sorted(self._inbox.glob("*.json")):
            if path.name in self._seen:
                continue
            self._seen.add(path.name)
            try:
                with path.open("rb") as file:
                    order = parse_document(file.read(MAX_DOCUMENT_OCTETS + 1), self._public_key)
            except (LabError, OSError) as error:
                self.refused += 1
                self._log.warning("order_refused", document=path.name, why=str(error))
                continue
            known = self.orders.get(xid_of(order.order_id))
            if known is None or order.version > known.version:
                self.orders[xid_of(order.order_id)] = order
                self._log.info("order_entered", order=order.order_id, version=order.version)

    def _wanted(self, now_us: int) -> dict[uuid.UUID, CourtOrder]:
        wanted = {}
        for xid, order in self.orders.items():
            window = order.effective_window
            end_us = window.end_us + self._slack_us.get(order.liid, 0)
            if order.state in _IN_FORCE and window.start_us <= now_us < end_us and identifiers(order):
                wanted[xid] = order
        return wanted

    async def _reconcile(self, session: aiohttp.ClientSession) -> None:
        wanted = self._wanted(self._clock.now_us())
        messages: list[x1.X1Message] = []
        if not self._created:
            messages += [self._message("CreateDestination", destination=one) for one in self._destinations]
        for xid, order in wanted.items():
            if self._active.get(xid) != order.version:
                kind = "ModifyTask" if xid in self._active else "ActivateTask"
                messages.append(self._message(kind, task=self._task(xid, order)))
        gone = [xid for xid in self._active if xid not in wanted]
        messages += [self._message("DeactivateTask", xid=xid) for xid in gone]
        if not messages:
            return
        again: list[x1.X1Message] = []
        created = known = True
        for message, reply in zip(messages, await self._post(session, messages), strict=True):
            code = reply.error[0] if reply.error else 0
            if message.kind == "ActivateTask" and code == x1.XID_EXISTS:
                again.append(self._message("ModifyTask", task=message.task))
            elif code not in (0, x1.DID_EXISTS, x1.NO_XID) or (code == x1.NO_XID and message.task is not None):
                self._log.warning("x1_refused", kind=message.kind, code=code)
                created = created and message.destination is None
                # It does not know what it was told before: it was started anew, and is told everything again.
                known = known and code not in (x1.NO_XID, x1.NO_DID)
                if code == x1.NO_XID and message.task is not None:
                    self._active.pop(message.task.xid, None)
                continue
            if message.task is not None:
                self._active[message.task.xid] = wanted[message.task.xid].version
                self._log.info("task", kind=message.kind, xid=str(message.task.xid))
            elif message.xid is not None:
                self._active.pop(message.xid, None)
                self._log.info("task", kind=message.kind, xid=str(message.xid))
        self._created = created and known
        if again and any(reply.error for reply in await self._post(session, again)):
            known = False
        if not known:
            self._forget()

    def _forget(self) -> None:
        """What the element holds is not known: all is said again, and what has ended is still taken away."""
        self._active = dict.fromkeys(self._active, 0)

    def _task(self, xid: uuid.UUID, order: CourtOrder) -> x1.TaskDetails:
        content = not order.kind.metadata_only
        dids = tuple(one.did for one in self._destinations) if content else (did_of("x2"),)
        return x1.TaskDetails(xid, identifiers(order), "X2andX3" if content else "X2Only", dids)

    def _message(self, kind: str, **body: Any) -> x1.X1Message:  # noqa: ANN401  the body of the kind
        return x1.X1Message(kind, self._admf_id, self._ne_id, uuid.uuid4(), self._clock.now_us(), **body)

    async def _post(self, session: aiohttp.ClientSession, messages: list[x1.X1Message]) -> list[x1.X1Reply]:
        headers = {"Content-Type": "application/xml"}
        replies: list[x1.X1Reply] = []
        for first in range(0, len(messages), x1.MAX_MESSAGES):
            part, octets = messages[first : first + x1.MAX_MESSAGES], bytearray()
            async with session.post(self._url, data=x1.build_request(part), headers=headers) as response:
                async for piece in response.content.iter_any():
                    octets += piece
                    if len(octets) > x1.MAX_OCTETS:
                        break
            answers = x1.parse_response(bytes(octets))
            if len(answers) != len(part):
                raise DecodeError(DecodeError.BAD_VALUE, "the element answered another number of messages")
            replies += answers
        return replies
