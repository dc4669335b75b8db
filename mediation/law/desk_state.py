"""The desk's state as a fold over its ledger: `state.apply(entry)` is the state after one more entry. Pure.

One function a kind, in one table; a kind that is not in it leaves the state as it is. An entry that contradicts what
is there (an id used twice, a ticket approved by whoever opened it, a fifth facility) raises DeskError, so that neither
a replayed nor a forged entry becomes a right. Who acts on the ledger asks `desk.ask` first; this is the second line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from asn1.errors import RefusedError
from mediation.law.access import facilities_error
from mediation.law.access_facts import DeviceClass, Grant, Ticket
from mediation.law.actors import Role
from mediation.law.desk_values import (
    Check,
    DeskError,
    DeskRequest,
    Duty,
    Entry,
    GrantRow,
    Inspection,
    Presence,
    Review,
    Session,
    TicketRow,
    User,
    no_biometrics,
)
from mediation.law.lifecycle import OrderEvent, after
from mediation.law.orders import OrderState, Window

TOUR_S: Final = 8 * 3600
"""Length of a tour of duty where nothing is configured (D)."""

T = TypeVar("T")


@dataclass(frozen=True)
class DeskState:
    """`phases`: how far an ended order came (sealed, handed off, closed). `idle`: supervised cases not under review."""

    facilities: frozenset[str] = frozenset()
    case_systems: frozenset[str] = frozenset()
    stations: Mapping[str, str] = field(default_factory=dict)
    tour_us: int = TOUR_S * 1_000_000
    users: Mapping[str, User] = field(default_factory=dict)
    present: Mapping[str, Presence] = field(default_factory=dict)
    sessions: Mapping[str, Session] = field(default_factory=dict)
    requests: Mapping[str, DeskRequest] = field(default_factory=dict)
    grants: Mapping[str, GrantRow] = field(default_factory=dict)
    tickets: Mapping[str, TicketRow] = field(default_factory=dict)
    inspections: tuple[Inspection, ...] = ()
    audit_requests: tuple[str, ...] = ()
    reviews: Mapping[str, Review] = field(default_factory=dict)
    phases: Mapping[str, OrderState] = field(default_factory=dict)
    idle: frozenset[str] = frozenset()

    def apply(self, entry: Entry) -> DeskState:
        """Raises DeskError for an entry that contradicts the ledger before it, or lacks a field it must have."""
        change = _KINDS.get(entry.kind)
        if change is None:
            return self
        try:
            return change(self, entry)
        except (KeyError, TypeError, ValueError) as error:
            raise DeskError(f"A {entry.kind} entry is not complete: {error}.") from error

    def tour_start_us(self, now_us: int) -> int:
        """When the present tour began; tours follow one another from midnight UTC on (D)."""
        return now_us - now_us % self.tour_us


def _with(there: Mapping[str, T], key: str, value: T) -> dict[str, T]:
    return {**there, key: value}


def _fresh(there: Mapping[str, T], key: str, value: T, what: str) -> dict[str, T]:
    if not key or key in there:
        raise DeskError(f"There is a {what} {key!r} already." if key else f"A {what} needs a name.")
    return _with(there, key, value)


def _known(there: Mapping[str, T], key: str, what: str) -> T:
    if key not in there:
        raise DeskError(f"There is no {what} {key!r}.")
    return there[key]


def _configuration(state: DeskState, entry: Entry) -> DeskState:
    fields = entry.fields
    if "facilities" in fields:
        facilities = frozenset(map(str, fields["facilities"]))
        wrong = facilities_error(facilities)
        if wrong is not None:
            raise DeskError(wrong)
        state = replace(state, facilities=facilities)
    if "stations" in fields:
        stations = {str(name): str(facility) for name, facility in fields["stations"].items()}
        strange = sorted(set(stations.values()) - state.facilities)
        if strange:
            raise DeskError(f"A station stands in {strange[0]!r}, which is none of the four facilities (R-075).")
        state = replace(state, stations=stations)
    if "case_systems" in fields:
        state = replace(state, case_systems=frozenset(map(str, fields["case_systems"])))
    if "tour_s" in fields:
        state = replace(state, tour_us=max(1, int(fields["tour_s"])) * 1_000_000)
    return state


_USER_FIELDS: Final = frozenset(
    {
        "user_id",
        "person",
        "role",
        "agency",
        "unit",
        "by",
        "trained_until_us",
        "background_check",
        "access_control",
    }
)


def _user(state: DeskState, entry: Entry) -> DeskState:
    fields = entry.fields
    no_biometrics(fields)
    strange = sorted(set(fields) - _USER_FIELDS)
    if strange:
        raise DeskError(f"{strange[0]}: no such field of a user.")
    person = str(fields["person"])
    twin = next((one.user_id for one in state.users.values() if one.person == person), None)
    if twin is not None:
        raise DeskError(f"{person} has the id {twin} already: one person, one id (R-072).")
    duty = Duty(entry.utc_us, Role(fields["role"]), str(fields.get("agency", "")), str(fields.get("unit", "")))
    user = User(
        str(fields["user_id"]),
        person,
        (duty,),
        trained_until_us=_optional(fields, "trained_until_us"),
        background_check=fields.get("background_check") is True,
        access_control=fields.get("access_control") is True,
    )
    return replace(state, users=_fresh(state.users, user.user_id, user, "user"))


def _optional(fields: Mapping[str, Any], name: str) -> int | None:
    value = fields.get(name)
    return None if value is None else int(value)


def _of(state: DeskState, entry: Entry) -> User:
    return _known(state.users, str(entry.fields["user_id"]), "user")


def _put(state: DeskState, user: User) -> DeskState:
    return replace(state, users=_with(state.users, user.user_id, user))


def _training(state: DeskState, entry: Entry) -> DeskState:
    return _put(state, replace(_of(state, entry), trained_until_us=int(entry.fields["until_us"])))


def _background_check(state: DeskState, entry: Entry) -> DeskState:
    return _put(state, replace(_of(state, entry), background_check=entry.fields["passed"] is True))


def _transfer(state: DeskState, entry: Entry) -> DeskState:
    """R-071: the old duties end at that instant; new ones begin there, or none do."""
    fields, user = entry.fields, _of(state, entry)
    at_us, last = int(fields["at_us"]), user.duties[-1]
    if at_us < last.from_us:
        raise DeskError(f"{user.user_id} took up these duties after that time: a transfer comes later.")
    if fields.get("role") is None:
        return _put(state, replace(user, left_us=at_us, access_control=False))
    duty = Duty(at_us, Role(fields["role"]), str(fields.get("agency", last.agency)), str(fields.get("unit", "")))
    return _put(state, replace(user, duties=(*user.duties, duty), left_us=None, access_control=False))


def _suspension(state: DeskState, entry: Entry) -> DeskState:
    until_lifted = None if entry.fields.get("lifted") is True else entry.utc_us
    return _put(state, replace(_of(state, entry), suspended_us=until_lifted))


def _entry_row(state: DeskState, entry: Entry) -> DeskState:
    fields = entry.fields
    no_biometrics(fields)
    user_id = str(fields["user_id"])
    _known(state.users, user_id, "user")
    device = DeviceClass(fields["device"])
    segment = DeviceClass(fields.get("segment", device))
    row = Presence(user_id, str(fields["facility"]), device, segment, entry.utc_us, fields.get("remote") is True)
    return replace(state, present=_with(state.present, user_id, row))


def _exit(state: DeskState, entry: Entry) -> DeskState:
    gone = str(entry.fields["user_id"])
    return replace(state, present={name: row for name, row in state.present.items() if name != gone})


def _session(state: DeskState, entry: Entry) -> DeskState:
    fields = entry.fields
    no_biometrics(fields)
    session = Session(
        str(fields["session_id"]),
        str(fields["user_id"]),
        str(fields["facility"]),
        str(fields["case_id"]),
        str(fields["action"]),
        entry.utc_us,
    )
    elsewhere = [one for one in state.sessions.values() if one.user_id == session.user_id and one.ended_us is None]
    if any(one.facility != session.facility for one in elsewhere):
        raise DeskError(f"{session.user_id} has a session at {elsewhere[0].facility}: an id is one person's (R-072).")
    return replace(state, sessions=_fresh(state.sessions, session.session_id, session, "session"))


def _session_ended(state: DeskState, entry: Entry) -> DeskState:
    session = _known(state.sessions, str(entry.fields["session_id"]), "session")
    ended = replace(session, ended_us=entry.utc_us)
    return replace(state, sessions=_with(state.sessions, session.session_id, ended))


def _request(state: DeskState, entry: Entry) -> DeskState:
    fields = entry.fields
    request = DeskRequest(
        str(fields["request_id"]),
        str(fields["case_id"]),
        str(fields["order_id"]),
        str(fields["agency"]),
        str(fields["requested_by"]),
        str(fields["document_author"]),
        frozenset(map(str, fields["users"])),
        str(fields.get("supervisor", "")),
        str(fields.get("prosecutor", "")),
    )
    return replace(state, requests=_fresh(state.requests, request.request_id, request, "request"))


def _document_check(state: DeskState, entry: Entry) -> DeskState:
    fields = entry.fields
    request = _known(state.requests, str(fields["request_id"]), "request")
    by = str(fields["by"])
    if by in (request.requested_by, request.document_author):
        raise DeskError(f"{by} had a hand in {request.request_id}: a second person checks it (SD-2).")
    check = Check(by, entry.utc_us, tuple(map(str, fields["missing"])))
    checked = replace(request, checks=(*request.checks, check))
    return replace(state, requests=_with(state.requests, request.request_id, checked))


def _request_decided(state: DeskState, entry: Entry) -> DeskState:
    request = _known(state.requests, str(entry.fields["request_id"]), "request")
    accepted = entry.fields["accepted"] is True
    if accepted and (not request.checks or request.checks[-1].missing):
        raise DeskError(f"{request.request_id} has no check that found its papers complete (R-050).")
    decided = replace(request, accepted=accepted)
    return replace(state, requests=_with(state.requests, request.request_id, decided))


def _grant(state: DeskState, entry: Entry) -> DeskState:
    """R-070, R-071: what the grantor was at that instant goes with the grant."""
    fields = entry.fields
    grantor = _known(state.users, str(fields["by"]), "user")
    user = _known(state.users, str(fields["user_id"]), "user")
    duty = grantor.duty_at(entry.utc_us)
    if duty.role is not Role.TARU or user.user_id == grantor.user_id:
        raise DeskError(f"{grantor.user_id} ({duty.role}) cannot grant access to {user.user_id} (R-070, SD-1).")
    grant = Grant(
        user.user_id,
        str(fields["case_id"]),
        str(fields["order_id"]),
        grantor.user_id,
        entry.utc_us,
        Window(int(fields["start_us"]), int(fields["end_us"])),
        duty.role,
        grantor.duty_end_us(entry.utc_us),
        court_order_id=str(fields.get("court_order_id", "")),
    )
    row = GrantRow(str(fields["grant_id"]), grant)
    return replace(state, grants=_fresh(state.grants, row.grant_id, row, "grant"))


def _grant_ended(state: DeskState, entry: Entry) -> DeskState:
    row = _known(state.grants, str(entry.fields["grant_id"]), "grant")
    if row.grant.ended_us is not None:
        raise DeskError(f"The grant {row.grant_id} has ended already.")
    ended = row._replace(grant=replace(row.grant, ended_us=int(entry.fields["at_us"])))
    return replace(state, grants=_with(state.grants, row.grant_id, ended))


def _ticket(state: DeskState, entry: Entry) -> DeskState:
    fields = entry.fields
    ticket = Ticket(
        str(fields["ticket_id"]),
        str(fields["user_id"]),
        str(fields["opened_by"]),
        "",
        Window(entry.utc_us, entry.utc_us),
        fields.get("need_to_know") is True,
        str(fields.get("contract", "")),
        str(fields.get("case_id", "")),
    )
    row = TicketRow(ticket, int(fields["minutes"]))
    return replace(state, tickets=_fresh(state.tickets, ticket.ticket_id, row, "ticket"))


def _ticket_approved(state: DeskState, entry: Entry) -> DeskState:
    """The time box begins with the approval (R-081)."""
    row = _known(state.tickets, str(entry.fields["ticket_id"]), "ticket")
    by = str(entry.fields["by"])
    if row.ticket.approved_by or by in (row.ticket.opened_by, row.ticket.user_id):
        raise DeskError(
            f"{by} cannot approve the ticket {row.ticket.ticket_id}: another than who opened it, once (SD-4)."
        )
    window = Window(entry.utc_us, entry.utc_us + row.minutes * 60_000_000)
    approved = row._replace(ticket=replace(row.ticket, approved_by=by, window=window))
    return replace(state, tickets=_with(state.tickets, row.ticket.ticket_id, approved))


def _inspection(state: DeskState, entry: Entry) -> DeskState:
    row = Inspection(str(entry.fields["facility"]), str(entry.fields["by"]), entry.utc_us)
    return replace(state, inspections=(*state.inspections, row))


def _audit_request(state: DeskState, entry: Entry) -> DeskState:
    return replace(state, audit_requests=(*state.audit_requests, str(entry.fields["request_id"])))


def _review(state: DeskState, entry: Entry) -> DeskState:
    fields = entry.fields
    user = _known(state.users, str(fields["user_id"]), "user")
    review = Review(str(fields["review_id"]), user.user_id, str(fields["opened_by"]), str(fields["level"]))
    return replace(state, reviews=_fresh(state.reviews, review.review_id, review, "review"))


def _review_decided(state: DeskState, entry: Entry) -> DeskState:
    """R-086: confirmed misuse suspends at once."""
    review = _known(state.reviews, str(entry.fields["review_id"]), "review")
    if review.confirmed is not None or str(entry.fields["by"]) == review.user_id:
        raise DeskError(f"The review {review.review_id} is decided once, and not by whom it is about (R-086).")
    confirmed = entry.fields["confirmed"] is True
    state = replace(state, reviews=_with(state.reviews, review.review_id, replace(review, confirmed=confirmed)))
    if not confirmed:
        return state
    return _put(state, replace(_known(state.users, review.user_id, "user"), suspended_us=entry.utc_us))


def _supervision(state: DeskState, entry: Entry) -> DeskState:
    case_id = str(entry.fields["case_id"])
    return replace(state, idle=state.idle - {case_id} if entry.fields["on"] is True else state.idle | {case_id})


def _phase(event: OrderEvent) -> Callable[[DeskState, Entry], DeskState]:
    """R-027, R-130: sealed, then handed off, then closed; none is skipped. An ended order is where they begin."""

    def change(state: DeskState, entry: Entry) -> DeskState:
        if event is OrderEvent.HAND_OFF and entry.fields.get("hand_off") is not True:
            return state
        order_id = str(entry.fields["order_id"])
        try:
            reached = after(state.phases.get(order_id, OrderState.EXPIRED), event)
        except RefusedError as error:
            raise DeskError(f"{order_id}: {error}") from error
        return replace(state, phases=_with(state.phases, order_id, reached))

    return change


_KINDS: Final[dict[str, Callable[[DeskState, Entry], DeskState]]] = {
    "configuration_change": _configuration,
    "user": _user,
    "training": _training,
    "background_check": _background_check,
    "transfer": _transfer,
    "suspension": _suspension,
    "entry": _entry_row,
    "exit": _exit,
    "session": _session,
    "session_ended": _session_ended,
    "request": _request,
    "document_check": _document_check,
    "request_decided": _request_decided,
    "grant": _grant,
    "grant_ended": _grant_ended,
    "ticket": _ticket,
    "ticket_approved": _ticket_approved,
    "inspection": _inspection,
    "audit_request": _audit_request,
    "review": _review,
    "review_decided": _review_decided,
    "supervision": _supervision,
    "seal": _phase(OrderEvent.SEAL),
    "export": _phase(OrderEvent.HAND_OFF),
    "case_closed": _phase(OrderEvent.CLOSE),
}
