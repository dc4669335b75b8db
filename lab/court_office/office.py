"""A signed command of the console becomes an act of the lab's court: extend, revoke, approve, deny, end, begin.

Rules. The command is the console's, fresh, and taken once (`collector.commands`). What the role may not do by the table
is refused here as well, whatever the console let through: extending, revoking, approving and denying are the judge's
(R-027, SD-7). What may follow an order is the law's to say (`court_acts`). Every act and every refusal is an entry of
the office's own audit log, before it is answered. Nobody but the court's own process has its key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from asn1.errors import LabError, RefusedError
from collector.commands import Command, read_command
from collector.store.audit_log import AuditLog
from lab.court import Court
from lab.court_acts import act, extension_papers, follow, release
from lab.dialects import liid_for
from mediation.law.actors import MATRIX, Action, Role
from mediation.law.extensions import extended
from mediation.law.orders import CourtOrder, OrderKind, OrderState
from mediation.runtime.clock import Clock

COURT: Final = "court"
"""The name of the command."""
ORIGIN: Final = "calea-lab/court-office"
BEGIN, CUSTODY, EXTEND, RELEASE = "begin", "custody", "extend", "release"
WHO: Final[dict[str, tuple[Action, ...]]] = {
    "extend": (Action.DECIDE_ORDER,),
    "revoke": (Action.DECIDE_ORDER,),
    "approve": (Action.DECIDE_ORDER,),
    "deny": (Action.DECIDE_ORDER,),
    RELEASE: (Action.DECIDE_ORDER,),
    "terminate": (Action.PROVISION_CARRIER,),
    "obtained": (Action.PROVISION_CARRIER,),
    "ended": (Action.PROVISION_CARRIER,),
    BEGIN: (Action.START_EXIGENT_USE,),
    CUSTODY: (Action.SEAL, Action.EXPORT_HAND_OFF),
}
"""By the rows of the table that each is an act of; a cell in one of them is needed."""
EXIGENT: Final = frozenset(str(kind) for kind in OrderKind if kind.exigent)


class CourtOffice:
    """One command at a time. Blocks: it signs, writes and sends."""

    def __init__(self, court: Court, key: Ed25519PublicKey, clock: Clock, audit: AuditLog) -> None:
        self._court = court
        self._key = key
        self._clock = clock
        self._audit = audit
        self._last_us = -1
        self.counts = {"acts": 0, "refused": 0}

    def take(self, octets: bytes) -> dict[str, Any]:
        """What the court signed. Raises RefusedError and other LabErrors with a sentence, which is on record."""
        now_us = self._clock.now_us()
        said: dict[str, Any] = {}
        try:
            command = read_command(COURT, octets, self._key, now_us, self._last_us)
            self._last_us = command.time_us
            name = command.text("act")
            said = {"by": command.by, "role": command.role, "act": name, "order_id": command.text("order_id")}
            _check_role(name, command.role)
            made = self._done(name, command, now_us)
        except LabError as error:
            self.counts["refused"] += 1
            self._record("court_refused", said | {"why": str(error)[:400]}, now_us)
            raise
        self.counts["acts"] += 1
        found = {"order_id": str(made.order_id), "version": made.version, "refusals": dict(self._court.refusals)}
        self._record("court_act", said | found, now_us)
        return found

    def _record(self, kind: str, fields: dict[str, Any], now_us: int) -> None:
        self._audit.append(kind, fields, now_us)
        self._audit.flush()

    def _done(self, name: str, command: Command, now_us: int) -> CourtOrder:
        if name == BEGIN:
            return self._begin(command, now_us)
        order = self._newest(command.text("order_id"))
        if name == CUSTODY:
            self._court.refusals = {}
            return follow(self._court, order, _state(command.text("state")), now_us)
        if name == RELEASE:
            return release(self._court, order, now_us)
        at_us = command.number("at_us")
        at_us = now_us if at_us is None else at_us
        papers = None
        if name == EXTEND:
            longer = extended(order, at_us, now_us)
            people = (command.text("investigator"), command.text("prosecutor"), command.text("results"))
            papers = extension_papers(self._court, longer, *people)
        return act(self._court, order, name, at_us, now_us, papers)

    def _newest(self, order_id: str) -> CourtOrder:
        found = [one for one in self._court.orders() if one.order_id == order_id]
        if not found:
            raise RefusedError("The court signed no order of that name.")
        return found[-1]

    def _begin(self, command: Command, now_us: int) -> CourtOrder:
        """Emergency use begins with its declaration and papers; the order itself may follow (R-030, R-045, R-051)."""
        fields = dict(_mapping(command.fields, "order"))
        if str(fields.get("kind", "")) not in EXIGENT:
            raise RefusedError("What begins here is an emergency use: any other order is applied for (R-030).")
        names = {one.order_id for one in self._court.orders()}
        number = len(names) + 1
        while f"O-{number}" in names:
            number += 1
        name = f"O-{number}"
        fields |= {"order_id": name, "version": 1, "start": now_us, "activated_at": now_us}
        fields["liid"] = liid_for("etsi", None, name)
        fields["papers"] = _dated(_mapping(command.fields, "papers"), now_us)
        return self._court.issue(fields, issued_at_us=now_us, complete=True)


def _check_role(name: str, role: str) -> None:
    if name not in WHO:
        raise RefusedError(f"The court's office does no {name!r}: {', '.join(WHO)}.")
    if role not in set(Role) or not any(MATRIX[one].get(Role(role)) for one in WHO[name]):
        raise RefusedError(f"{name} is not for the role {role or 'nobody'} (R-073).")


def _state(text: str) -> OrderState:
    try:
        return OrderState(text)
    except ValueError:
        raise RefusedError(f"{text!r} is no state of an order (R-027).") from None


def _mapping(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = fields.get(name)
    if not isinstance(value, Mapping):
        raise RefusedError(f"{name} is a mapping of names to values.")
    return value


def _dated(papers: Mapping[str, Any], now_us: int) -> dict[str, Any]:
    """Declaration and discussion are of the instant they are brought, where they name no other."""
    found: dict[str, Any] = dict(papers)
    for part in ("declaration", "supervisor"):
        if isinstance(found.get(part), Mapping):
            found[part] = {"at": now_us, **found[part]}
    return found
