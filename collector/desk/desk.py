"""The desk at work: ask, record the attempt, then record what came of it. The impure edge of `mediation.law.desk`.

Every attempt, allowed or not, is one `access` entry; an act that was allowed is followed by the entry that changes the
state. What cannot be recorded is not done. Orders are read from the court's documents and never changed. Entries hold
identifiers, codes and reasons, never content.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Final, NamedTuple

from asn1.errors import RefusedError
from collector.desk.ledger import CAPACITY_OCTETS, LOCK_WAIT_S, Ledger, Reading
from mediation.law.access_facts import Answer, Circumstances, DeviceClass, Place
from mediation.law.actors import Action, Role
from mediation.law.desk import (
    NOTHING,
    Decision,
    GrantEnd,
    actor_at,
    decide,
    due_cuts,
    due_ends,
    may_ask_for_audit,
    request_file,
    uninspected,
)
from mediation.law.desk_state import DeskState
from mediation.law.orders import CourtOrder
from mediation.law.verdicts import Reason

SYS: Final = "SYS"
MAX_NOTE: Final = 200
"""Characters of a person's reason that are kept."""
_ALLOWED, _DENIED = "ALLOWED", "DENIED"

Orders = Callable[[], Sequence[CourtOrder]]


class Outcome(NamedTuple):
    """`event_id` names the access entry and `entry` are its fields; `made` is the thing that was made of it, blank when
    it was denied."""

    answer: Answer
    event_id: str
    made: str = ""
    entry: Mapping[str, Any] = MappingProxyType({})


class Desk:
    """Open for writing, by one process at a time. Use it in a `with`."""

    def __init__(self, ledger: Ledger, orders: Orders) -> None:
        self._ledger = ledger
        self._orders = orders

    @classmethod
    def open(
        cls,
        directory: Path,
        orders: Orders = lambda: (),
        capacity_octets: int = CAPACITY_OCTETS,
        wait_s: float = LOCK_WAIT_S,
        pins: Path | None = None,
        reading: Reading | None = None,
    ) -> Desk:
        """Raises NotReadyError and IntegrityError (`Ledger`). `orders` gives the newest version of each; `reading` is
        what this process has read of the ledger before."""
        return cls(Ledger(directory, capacity_octets, wait_s, pins, reading), orders)

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._ledger.close()

    def let_go(self) -> None:
        """Let other processes write until `take_again`: for one that stays open and acts now and then."""
        self._ledger.let_go()

    def take_again(self, wait_s: float = LOCK_WAIT_S) -> None:
        """Raises as `open`."""
        self._ledger.take_again(wait_s)

    @property
    def state(self) -> DeskState:
        return self._ledger.state

    @property
    def entries(self) -> int:
        return self._ledger.entries

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The entries, oldest first: seq, utc_us, kind, fields. Not to be changed."""
        return self._ledger.lines

    def record(self, kind: str, fields: dict[str, Any], now_us: int) -> int:
        """A fact from elsewhere (a seal, an export, a hand-off, a configuration). Raises DeskError when it contradicts
        the ledger."""
        return self._ledger.append(kind, fields, now_us)

    def attempt(
        self,
        by: str,
        action: Action,
        case_id: str,
        now_us: int,
        circumstances: Circumstances = NOTHING,
        object_type: str = "case",
        object_id: str = "",
    ) -> Outcome:
        """Ask and record the attempt, whatever the answer."""
        decision = decide(self.state, self._orders(), by, action, case_id, now_us, circumstances)
        return self._attempted(by, action, case_id, now_us, decision, object_type, object_id or case_id)

    def attempt_decided(
        self,
        by: str,
        action: Action,
        case_id: str,
        now_us: int,
        decision: Decision,
        object_type: str,
        object_id: str = "",
    ) -> Outcome:
        """Record an attempt that was decided on this very state, by `mediation.law.desk.decide` and what stood against
        it beside the table."""
        return self._attempted(by, action, case_id, now_us, decision, object_type, object_id or case_id)

    def _attempted(
        self,
        by: str,
        action: str,
        case_id: str,
        now_us: int,
        decision: Decision,
        object_type: str,
        object_id: str,
    ) -> Outcome:
        place, answer = decision.place, decision.answer
        event_id = f"access:{self.entries}"
        fields = {
            "event_id": event_id,
            "utc_time": now_us,
            "actor_id": by,
            "actor_role": decision.role,
            "facility": "" if place is None else place.facility,
            "device_class": "" if place is None else str(place.device),
            "case_id": case_id,
            "order_id": decision.order_id,
            "action": str(action),
            "object_type": object_type,
            "object_id": object_id,
            "decision": _ALLOWED if answer.allowed else _DENIED,
            "reason_codes": [reason.name for reason in answer.reasons],
            "rule_ids": list(answer.rules),
            "purpose": decision.purpose,
            "note": decision.note[:MAX_NOTE],
        }
        self._ledger.append("access", fields, now_us)
        return Outcome(answer, event_id, entry=fields)

    def _act(self, asked: Outcome, kind: str, fields: dict[str, Any], now_us: int, made: str = "") -> Outcome:
        """The effect of an attempt, when it was allowed."""
        if not asked.answer.allowed:
            return asked
        self.record(kind, fields, now_us)
        return asked._replace(made=made)

    def administer(
        self, by: str, kind: str, fields: dict[str, Any], now_us: int, circumstances: Circumstances = NOTHING
    ) -> Outcome:
        """Accounts, training, transfers, facilities: a `kind` entry of `desk_state`, never about oneself (SD-1)."""
        user_id = str(fields.get("user_id", ""))
        facts = replace(circumstances, beneficiary=user_id)
        asked = self.attempt(by, Action.ADMINISTER, "", now_us, facts, kind, user_id)
        return self._act(asked, kind, {**fields, "by": by}, now_us, user_id)

    def enter(
        self,
        user_id: str,
        facility: str,
        device: DeviceClass,
        now_us: int,
        segment: DeviceClass | None = None,
        remote: bool = False,
    ) -> None:
        """A row of the facility's entry log (R-079), as the guard and the network see it."""
        fields = {
            "user_id": user_id,
            "facility": facility,
            "device": str(device),
            "segment": str(segment or device),
            "remote": remote,
        }
        self.record("entry", fields, now_us)

    def open_request(
        self,
        by: str,
        case_id: str,
        order_id: str,
        now_us: int,
        document_author: str,
        users: Iterable[str] = (),
        supervisor: str = "",
        prosecutor: str = "",
        circumstances: Circumstances = NOTHING,
    ) -> Outcome:
        """Ask for access of `users` (of oneself when none are given) on the papers of an order."""
        asked = self.attempt(by, Action.DRAFT_REQUEST, case_id, now_us, circumstances, "request")
        name = f"Q-{len(self.state.requests) + 1}"
        actor = actor_at(self.state, by, now_us)
        fields = {
            "request_id": name,
            "case_id": case_id,
            "order_id": order_id,
            "agency": "" if actor is None else actor.agency,
            "requested_by": by,
            "document_author": document_author,
            "users": sorted(set(users)) or [by],
            "supervisor": supervisor,
            "prosecutor": prosecutor,
        }
        return self._act(asked, "request", fields, now_us, name)

    def check_request(
        self, by: str, request_id: str, missing: Iterable[str], now_us: int, circumstances: Circumstances = NOTHING
    ) -> Outcome:
        """A second person's check of the papers (SD-2); `missing` are the codes of what they lack."""
        asked = self._on_request(by, request_id, now_us, circumstances)
        fields = {"request_id": request_id, "by": by, "missing": list(missing)}
        return self._act(asked, "document_check", fields, now_us, request_id)

    def decide_request(
        self,
        by: str,
        request_id: str,
        accepted: bool,
        now_us: int,
        reason: str = "",
        circumstances: Circumstances = NOTHING,
    ) -> Outcome:
        """Accept or refuse, with a person's reason. Nothing is accepted without a check that found the papers complete
        (R-050)."""
        request = self.state.requests.get(request_id)
        checked = request is not None and bool(request.checks) and not request.checks[-1].missing
        unchecked = (Reason.DOC_MISSING, "R-050") if accepted and not checked else None
        asked = self._on_request(by, request_id, now_us, circumstances, unchecked)
        fields = {"request_id": request_id, "by": by, "accepted": accepted, "reason": reason[:MAX_NOTE]}
        return self._act(asked, "request_decided", fields, now_us, request_id)

    def _on_request(
        self,
        by: str,
        request_id: str,
        now_us: int,
        circumstances: Circumstances,
        but: tuple[Reason, str] | None = None,
    ) -> Outcome:
        request = self.state.requests.get(request_id)
        facts = replace(circumstances, request=None if request is None else request_file(request))
        case_id = "" if request is None else request.case_id
        decision = decide(self.state, self._orders(), by, Action.CHECK_PAPERS, case_id, now_us, facts)
        named = "" if "R-073" in decision.answer.rules else case_id
        return self._attempted(by, Action.CHECK_PAPERS, named, now_us, _but(decision, but), "request", request_id)

    def grant(
        self, by: str, user_id: str, case_id: str, now_us: int, circumstances: Circumstances = NOTHING
    ) -> Outcome:
        """Access of a user to a case, as long as its order lasts (R-070, R-074, R-080)."""
        facts = replace(circumstances, beneficiary=user_id)
        decision = decide(self.state, self._orders(), by, Action.GRANT_ACCESS, case_id, now_us, facts)
        asked = self._attempted(by, Action.GRANT_ACCESS, case_id, now_us, decision, "user", user_id)
        order = next((one for one in self._orders() if one.order_id == decision.order_id), None)
        if order is None or not asked.answer.allowed:
            return asked
        actor, window = actor_at(self.state, user_id, now_us), order.effective_window
        joint = actor is not None and actor.agency in order.joint_with
        name = f"G-{len(self.state.grants) + 1}"
        fields = {
            "grant_id": name,
            "user_id": user_id,
            "case_id": case_id,
            "order_id": order.order_id,
            "by": by,
            "start_us": max(window.start_us, now_us),
            "end_us": window.end_us,
            "court_order_id": order.order_id if joint else "",
        }
        return self._act(asked, "grant", fields, now_us, name)

    def end_grants(
        self, by: str, user_id: str, case_id: str, now_us: int, circumstances: Circumstances = NOTHING
    ) -> Outcome:
        """End a user's access to a case now."""
        facts = replace(circumstances, beneficiary=user_id, ending=True)
        asked = self.attempt(by, Action.GRANT_ACCESS, case_id, now_us, facts, "user", user_id)
        for row in tuple(self.state.grants.values()):
            grant = row.grant
            if (grant.user_id, grant.case_id, grant.ended_us) == (user_id, case_id, None):
                fields = {"grant_id": row.grant_id, "by": by, "at_us": now_us, "reason_codes": [], "rule_ids": []}
                asked = self._act(asked, "grant_ended", fields, now_us, row.grant_id)
        return asked

    def open_ticket(
        self,
        by: str,
        user_id: str,
        now_us: int,
        minutes: int,
        contract: str = "",
        need_to_know: bool = False,
        case_id: str = "",
        circumstances: Circumstances = NOTHING,
    ) -> Outcome:
        """A vendor's ticket, or with `case_id` that of an integrity case; nothing until another approves it."""
        name = f"T-{len(self.state.tickets) + 1}"
        fields = {
            "user_id": user_id,
            "ticket_id": name,
            "opened_by": by,
            "minutes": minutes,
            "contract": contract,
            "need_to_know": need_to_know,
            "case_id": case_id,
        }
        facts = replace(circumstances, beneficiary=user_id)
        asked = self.attempt(by, Action.ADMINISTER, "", now_us, facts, "ticket", name)
        return self._act(asked, "ticket", fields, now_us, name)

    def approve_ticket(self, by: str, ticket_id: str, now_us: int, circumstances: Circumstances = NOTHING) -> Outcome:
        """By another than whoever opened it, once (SD-4); the time box begins now."""
        row = self.state.tickets.get(ticket_id)
        facts = replace(circumstances, beneficiary="" if row is None else row.ticket.user_id)
        decision = decide(self.state, self._orders(), by, Action.ADMINISTER, "", now_us, facts)
        alone = row is None or row.ticket.approved_by or by == row.ticket.opened_by
        decision = _but(decision, (Reason.ACCESS_DENIED_ROLE, "SD-4") if alone else None)
        asked = self._attempted(by, Action.ADMINISTER, "", now_us, decision, "ticket", ticket_id)
        return self._act(asked, "ticket_approved", {"ticket_id": ticket_id, "by": by}, now_us, ticket_id)

    def begin_session(
        self, user_id: str, action: Action, case_id: str, now_us: int, circumstances: Circumstances = NOTHING
    ) -> Outcome:
        """A live session. R-072: while the same id has one at another facility, it is an alarm and no session."""
        decision = decide(self.state, self._orders(), user_id, action, case_id, now_us, circumstances)
        facility = "" if decision.place is None else decision.place.facility
        live = [one for one in self.state.sessions.values() if one.user_id == user_id and one.ended_us is None]
        places = {one.facility for one in live} | {facility}
        shared = decision.answer.allowed and len(places) > 1
        decision = _but(decision, (Reason.ACCESS_DENIED_FACILITY, "R-072") if shared else None)
        asked = self._attempted(user_id, action, case_id, now_us, decision, "session", case_id)
        if shared:
            alarm = {"rule": "R-072", "user_id": user_id, "facilities": sorted(places)}
            self.record("alarm", alarm, now_us)
        name = f"S-{len(self.state.sessions) + 1}"
        fields = {
            "session_id": name,
            "user_id": user_id,
            "facility": facility,
            "case_id": case_id,
            "action": str(action),
        }
        return self._act(asked, "session", fields, now_us, name)

    def end_session(self, session_id: str, now_us: int) -> None:
        self.record("session_ended", {"session_id": session_id, "reason_codes": [], "rule_ids": []}, now_us)

    def tick(self, now_us: int) -> tuple[GrantEnd, ...]:
        """What time does by itself: grants end with their orders (R-037, R-074), sessions are cut. To be called at
        least once a poll period."""
        orders = self._orders()
        ends = due_ends(self.state, orders, now_us)
        for end in ends:
            fields = {
                "grant_id": end.grant_id,
                "by": SYS,
                "at_us": end.at_us,
                "reason_codes": [end.reason.name],
                "rule_ids": [end.rule],
            }
            self.record("grant_ended", fields, now_us)
        for cut in due_cuts(self.state, orders, now_us):
            codes = [reason.name for reason in cut.answer.reasons]
            fields = {"session_id": cut.session_id, "reason_codes": codes, "rule_ids": list(cut.answer.rules)}
            self.record("session_ended", fields, now_us)
        return ends

    def inspect(self, by: str, facility: str, now_us: int) -> None:
        """R-084: a supervisor's round. Raises RefusedError for anyone else."""
        actor = actor_at(self.state, by, now_us)
        if actor is None or actor.role is not Role.SUP or facility not in self.state.facilities:
            raise RefusedError(f"{by} at {facility}: a supervisor inspects one of the four facilities (R-084).")
        self.record("inspection", {"facility": facility, "by": by}, now_us)

    def end_tour(self, tour_start_us: int, now_us: int) -> tuple[str, ...]:
        """R-084: an alarm names the facilities that nobody inspected in the tour that began then."""
        missed = uninspected(self.state, tour_start_us)
        if missed:
            fields = {"rule": "R-084", "facilities": list(missed), "tour_start_us": tour_start_us}
            self.record("alarm", fields, now_us)
        return missed

    def request_audit(self, by: str, scope: str, now_us: int, place: Place | None = None) -> Outcome:
        """R-085: asked for by integrity officers and Internal Affairs, run by the technology bureau."""
        actor = actor_at(self.state, by, now_us)
        answer = may_ask_for_audit(actor, now_us)
        decision = Decision(answer, "" if actor is None else str(actor.role), place=place)
        asked = self._attempted(by, "request_audit", "", now_us, decision, "audit", scope[:MAX_NOTE])
        name = f"AR-{len(self.state.audit_requests) + 1}"
        return self._act(
            asked, "audit_request", {"request_id": name, "by": by, "scope": scope[:MAX_NOTE]}, now_us, name
        )

    def open_review(self, by: str, user_id: str, level: str, now_us: int) -> str:
        """R-086: a misuse event opens a review, at command level or by Internal Affairs; its name."""
        name = f"R-{len(self.state.reviews) + 1}"
        fields = {"review_id": name, "user_id": user_id, "opened_by": by, "level": level}
        self.record("review", fields, now_us)
        return name

    def decide_review(self, by: str, review_id: str, confirmed: bool, now_us: int) -> None:
        """R-086: confirmed misuse suspends the user at once. Raises RefusedError for anyone but a supervisor or
        Internal Affairs, DeskError for the user it is about."""
        actor = actor_at(self.state, by, now_us)
        if actor is None or actor.role not in (Role.SUP, Role.IAB) or actor.suspended:
            raise RefusedError(f"{by} does not decide a review: a supervisor or Internal Affairs does (R-086).")
        self.record("review_decided", {"review_id": review_id, "by": by, "confirmed": confirmed}, now_us)

    def close_case(self, by: str, order_id: str, now_us: int) -> None:
        """R-130: only after the hand-off. Raises DeskError before it."""
        self.record("case_closed", {"order_id": order_id, "by": by}, now_us)


def _but(decision: Decision, failed: tuple[Reason, str] | None) -> Decision:
    """A decision that one more thing stands against."""
    if failed is None:
        return decision
    answer = decision.answer
    return decision._replace(answer=Answer(False, (*answer.reasons, failed[0]), (*answer.rules, failed[1])))
