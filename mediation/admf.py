"""The carrier's administration function: court documents in, X1 tasks out.

It looks into its inbox, checks each document's signature and papers itself (R-058), waits for the act of an employee
(R-059) and keeps the network element's tasks as the orders say: active from an order's start to its end on the run's
clock, changed with a new version, gone with a revocation or a lapse. While no order with complete papers is held the
element is not called at all. What is intercepted is certified (R-060), what nothing authorises too (R-061).
What should be is decided here; what is said to the element about it is `x1_tasks`.
"""

from __future__ import annotations

import asyncio
import itertools
import uuid
from pathlib import Path
from typing import Final, NamedTuple

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from asn1.errors import DecodeError, LabError, RefusedError
from mediation.activation import Activation, ActivationState, acted, covered, received
from mediation.config import ActivationModel
from mediation.faults import Faults
from mediation.filing import Filing
from mediation.interception import Interception, identifiers, rogue_xid, xid_of
from mediation.law.acts import check_successor
from mediation.law.admission import admit
from mediation.law.certification import certification_to_fields, certify, missing_of
from mediation.law.documents import (
    MAX_DOCUMENT_OCTETS,
    CourtDocument,
    DocumentAction,
    missing_in,
    needs_papers,
    read_document,
)  # fmt: skip
from mediation.law.entry import DocumentRefusedError
from mediation.law.hi1_workflows import ENDING
from mediation.law.missing import PapersRefusedError
from mediation.law.orders import CourtOrder, OrderState
from mediation.law.settings import DEFAULTS, LawSettings
from mediation.runtime.clock import Clock
from mediation.runtime.exchange import Endpoint, new_session
from mediation.runtime.logs import get_logger
from mediation.x1_tasks import X1Tasks

POLL_S: Final = 0.2
LOOK_EVERY: Final = 25
"""The element is asked what it holds with the first look into the inbox and every so many: each five seconds."""
_IN_FORCE: Final = frozenset({OrderState.ISSUED, OrderState.ACTIVE})


class Files(NamedTuple):
    """What the carrier keeps of its own doing."""

    activations: Filing
    certifications: Filing

    @staticmethod
    def within(directory: Path) -> Files:
        """Raises NotReadyError."""
        return Files(Filing(directory / "activations.jsonl"), Filing(directory / "certifications.jsonl"))


class Admf:
    """`orders` by XID are what the mediation function judges by; kept past their end for what still arrives. `changes`
    counts how often they changed."""

    def __init__(
        self, inbox: Path, public_key: Ed25519PublicKey, element: Endpoint, ne_id: str, admf_id: str, clock: Clock,
        faults: Faults, files: Files, policy: ActivationModel, law: LawSettings = DEFAULTS,
    ) -> None:  # fmt: skip
        self.orders: dict[uuid.UUID, CourtOrder] = {}
        self.changes = 0
        self.activations: dict[uuid.UUID, Activation] = {}
        self.refused = 0
        self._waiting: dict[tuple[uuid.UUID, int], CourtDocument] = {}
        self.inbox_looks = 0
        """Rounds in which the inbox was read; what was found there before is acted on by the next."""
        self._inbox = inbox
        self._public_key = public_key
        self._clock = clock
        self._faults = faults
        self._files = files
        self._policy = policy
        self._law = law
        self._seen: dict[str, LabError | OSError | None] = {}
        """The files of the inbox that were read, and why one was not let in."""
        self._documents: dict[uuid.UUID, dict[int, CourtDocument]] = {}
        self._acts = {(str(one.get("order")), one.get("version")): one for one in files.activations.read()}
        self._certified = {str(one.get("act")) for one in files.certifications.read()}
        self._look_now = True
        self.tasks = X1Tasks(element, (admf_id, ne_id), clock, self._wanted, self._certify)
        self._log = get_logger("mediation.admf")

    @property
    def active_tasks(self) -> int:
        return self.tasks.active

    @property
    def tasked(self) -> frozenset[uuid.UUID]:
        """The tasks the element was given, whether or not it is known to have them still."""
        return self.tasks.given

    @property
    def certified(self) -> int:
        """Interceptions certified so far, over restarts."""
        return len(self._certified)

    def look_again(self) -> None:
        """The element says that it lost what it held: ask it with the next round."""
        self._look_now = True

    async def run(self) -> None:
        """Keep the element's tasks as the orders say; until cancelled."""
        async with new_session() as session:
            rounds = itertools.count()
            while True:
                self.read_inbox()
                self.inbox_looks += 1
                if not (self.orders or not self.tasks.idle or self._faults.model.rogue_task):
                    # nobody is called before a set of papers is complete.
                    await asyncio.sleep(POLL_S)
                    continue
                try:
                    if next(rounds) % LOOK_EVERY == 0 or self._look_now:
                        self._look_now = False
                        await self.tasks.look(session, self.orders.keys())
                    await self.tasks.reconcile(session)
                except (aiohttp.ClientError, TimeoutError, DecodeError) as error:
                    self.tasks.lost()
                    self._log.warning("x1_unreachable", why=type(error).__name__)
                await asyncio.sleep(POLL_S)

    def read_inbox(self) -> None:
        for path in sorted(self._inbox.glob("*.json")):
            self.take(path.name)

    def take(self, name: str) -> LabError | OSError | None:
        """Act on the document of this name in the inbox, once; why it was not let in, also when asked again."""
        if name in self._seen:
            return self._seen[name]
        self._seen[name] = None
        try:
            with (self._inbox / name).open("rb") as file:
                document = read_document(file.read(MAX_DOCUMENT_OCTETS + 1), self._public_key)
            self._enter(document)
        except (LabError, OSError) as error:
            self._refuse(name, error)
            return error
        self._try_again(xid_of(document.order.order_id))
        return None

    def documents(self, order_id: str) -> tuple[CourtDocument, ...]:
        """The versions of an order that were let in, lowest first."""
        held = self._documents.get(xid_of(order_id), {})
        return tuple(held[version] for version in sorted(held))

    @property
    def order_ids(self) -> tuple[str, ...]:
        return tuple(next(iter(held.values())).order.order_id for held in self._documents.values())

    def _refuse(self, name: str, error: LabError | OSError) -> None:
        self._seen[name] = error
        self.refused += 1
        self._log.warning("order_refused", document=name, why=str(error))

    def _try_again(self, xid: uuid.UUID) -> None:
        """A version has come: those of the same order that waited, lowest first."""
        for name in sorted((one for one in self._waiting if one[0] == xid), key=lambda one: one[1]):
            document = self._waiting.pop(name)
            try:
                self._enter(document)
            except LabError as error:
                self._refuse(f"{document.order.order_id} version {name[1]}", error)

    def _enter(self, document: CourtDocument) -> None:
        """Take one document in. Raises PapersRefusedError naming everything that its papers lack (R-045, R-058), and
        DocumentRefusedError for an order that may not stand beside the others or follow the version before it
        (R-009 to R-018)."""
        order, now_us = document.order, self._clock.now_us()
        xid = xid_of(order.order_id)
        before = self.activations.get(xid, Activation())
        lacks = missing_in(document, self._law)
        if not lacks:
            newest = (one.order for one in self.activations.values())
            admit((one for one in newest if one is not None), order, self._law)
            try:
                self._follows(before.order, document)
            except RefusedError as error:
                if before.order is not None and before.order.version >= order.version - 1:
                    raise
                # What is between was not sent to us, or has not come yet: with it, this may be lawful.
                self._waiting[xid, order.version] = document
                self._log.warning("order_waiting", order=order.order_id, version=order.version, why=str(error))
                return
        # An end brings no papers to an order that came with none before.
        bare = before.order is None and not needs_papers(document)
        after = received(before, order, None if bare else document.papers, lacks)
        self.activations[xid] = after
        if lacks:
            raise PapersRefusedError(lacks)
        self._documents.setdefault(xid, {}).setdefault(order.version, document)
        if after is before:
            return
        if after.state is ActivationState.AWAITING:
            filed = self._acts.get((str(order.order_id), order.version))
            if filed is not None:
                after = acted(after, str(filed["employee"]), int(filed["at_us"]))
            elif self._policy.mode == "standing":
                after = self._file(acted(after, self._policy.employee, now_us))
        self._hold(xid, after)
        self._log.info("order_entered", order=order.order_id, version=order.version, state=str(after.state))

    @staticmethod
    def _follows(before: CourtOrder | None, document: CourtDocument) -> None:
        """Raises RefusedError for a version that may not follow the last one here (R-009 to R-018). An end binds
        whatever is missing between them, and what issues an order may be the first of it."""
        order = document.order
        direct = before is not None and before.version == order.version - 1
        if document.action in ENDING and not direct:
            return
        if before is not None and before.version < order.version:
            check_successor(before, order, document.action, document.issued_at_us, document.papers)
        elif before is None and order.version > 1 and document.action is not DocumentAction.ISSUE:
            raise DocumentRefusedError("version", "R-028", "there is no version yet to which this could be done")

    def activate(self, order_id: str, employee: str) -> Activation:
        """R-059: the act of an employee. Raises RefusedError when there is nothing to enable, or nobody who does."""
        xid = xid_of(order_id)
        done = self._file(acted(self.activations.get(xid, Activation()), employee, self._clock.now_us()))
        self._hold(xid, done)
        self._log.warning("activated", order=order_id, employee=done.employee)
        return done

    def _hold(self, xid: uuid.UUID, activation: Activation) -> None:
        self.activations[xid] = activation
        order = covered(activation) or activation.order
        if order is not None:
            self.orders[xid] = order
            self.changes += 1

    def _file(self, activation: Activation) -> Activation:
        """The act is on disk before anything is enabled by it."""
        order = activation.enabled
        if order is not None:
            who, at_us = activation.employee, activation.enabled_at_us
            line = {"order": str(order.order_id), "version": order.version, "employee": who, "at_us": at_us}
            self._files.activations.append(line)
            self._acts[str(order.order_id), order.version] = line
        return activation

    def _wanted(self, now_us: int) -> dict[uuid.UUID, Interception]:
        wanted = {}
        for xid, activation in self.activations.items():
            order = covered(activation)
            if order is not None and self._in_force(order, now_us) and identifiers(order):
                wanted[xid] = self._interception(xid, order, activation)
        for number in self._faults.model.rogue_task:
            xid = rogue_xid(number)
            task = self.tasks.details(xid, (("e164Number", number),), content=True)
            wanted[xid] = Interception(task, number, None, "", f"rogue {number}")
        return wanted

    def _in_force(self, order: CourtOrder, now_us: int) -> bool:
        window = order.effective_window
        if order.liid in self._faults.model.keep_in_force:
            return window.start_us <= now_us
        end_us = window.end_us + self._faults.slack_us(order.liid)
        return order.state in _IN_FORCE and window.start_us <= now_us < end_us

    def _interception(self, xid: uuid.UUID, order: CourtOrder, activation: Activation) -> Interception:
        model = self._faults.model
        content = not order.kind.metadata_only or order.liid in model.content_tasks
        act = f"{order.order_id} {activation.enabled_at_us}"
        number, host = model.wrong_number.get(order.liid), model.wrong_host.get(order.liid)
        if number is not None or host is not None:
            kind, wrong = ("e164Number", number) if number is not None else ("ipv4Address", str(host))
            task = self.tasks.details(xid, ((kind, wrong),), content)
            return Interception(task, wrong, None, order.liid, f"{act} wrong {wrong}")
        circuit = ", ".join(target.value for target in order.targets)
        return Interception(self.tasks.details(xid, identifiers(order), content), circuit, order, order.liid, act)

    def _certify(self, made: Interception) -> None:
        """R-060: at the start of the interception, once an act. R-061: also where no order stands behind it."""
        if made.act in self._certified:
            return
        now_us = self._clock.now_us()
        activation = self.activations.get(made.task.xid, Activation())
        employee = activation.employee or self._policy.employee
        certification = certify(
            made.circuit, employee, now_us, now_us, order=made.order, papers=activation.papers, liid=made.liid
        )
        lacks = [one.code for one in missing_of(certification)]
        line = {"act": made.act, "xid": str(made.task.xid), "lacks": lacks}
        self._files.certifications.append(certification_to_fields(certification) | line)
        self._certified.add(made.act)
        self._log.info("certified", xid=line["xid"], authorised=certification.authorised, lacks=lacks)
