"""One truth table, two gates: what the carrier may hand over and what the agency may read, each by its own code.

Each row is a situation, what the carrier's scope has to say, and what the agency's gate has to say of the record *had
the carrier handed it over whole*. Where the two differ on purpose the row says why. Behind the table, generated cases
hold the one promise between them: the agency never reads more than an honest carrier would have handed over.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.facts import RecordFacts
from collector.gate import CinState, LinkPolicy, decide
from collector.stream_table import TARGET_OK
from mediation.law.orders import (
    CaseId,
    CourtOrder,
    Liid,
    OrderId,
    OrderKind,
    OrderState,
    PrttDirection,
    Service,
    Target,
    TargetKind,
    Window,
)
from mediation.law.verdicts import VerdictKind
from mediation.scope import Scope, ScopeEvent, allow

START, END = 1_700_000_000_000_000, 1_700_086_400_000_000
MID = (START + END) // 2
TARGET, OTHER = Target(TargetKind.E164, "12125550101"), Target(TargetKind.E164, "12125550102")
READABLE = (VerdictKind.ACCEPT, VerdictKind.ACCEPT_FLAGGED)
W, M, N = Scope.WHOLE, Scope.METADATA, Scope.WITHHOLD
A, F, K, R = VerdictKind.ACCEPT, VerdictKind.ACCEPT_FLAGGED, VerdictKind.MASK, VerdictKind.REJECT


class Case(NamedTuple):
    """`sends`: the target originates. `content`: a content record; `body`: signalling that carries some."""

    name: str
    carrier: Scope
    agency: VerdictKind
    kind: OrderKind = OrderKind.EAVESDROPPING
    services: frozenset[Service] = frozenset({Service.VOICE, Service.SMS})
    service: Service = Service.VOICE
    event_us: int = MID
    content: bool = False
    body: bool = False
    sends: bool = True
    direction: PrttDirection = PrttDirection.BOTH
    state: OrderState = OrderState.ISSUED
    revoked_at_us: int | None = None

    @property
    def order(self) -> CourtOrder:
        services = frozenset() if self.kind.metadata_only else self.services
        return CourtOrder(
            OrderId("O-1"), 1, self.kind, CaseId("C"), Liid("L"), "LEA", Window(START, END), (TARGET,), services,
            direction=self.direction, state=self.state, revoked_at_us=self.revoked_at_us,
        )  # fmt: skip

    @property
    def event(self) -> ScopeEvent:
        return ScopeEvent(self.event_us, self.service, self.content, self.sends, self.sends)

    @property
    def facts(self) -> RecordFacts:
        caller, callee = (TARGET, OTHER) if self.sends else (OTHER, TARGET)
        return RecordFacts(
            "L", 1, 0, "cc" if self.content else "iri", "iPMMCC" if self.content else "iPMMIRI", None, self.service,
            self.event_us, "timeOfInterception", self.event_us + 1000,
            originators=frozenset({caller}), recipients=frozenset({callee}), parties=frozenset({caller, callee}),
            parties_known=not self.content, target_sends=self.sends, opens=not self.content,
            content=("content",) if self.content else ("sip_body",) if self.body else (),
        )  # fmt: skip


P = OrderKind.PRTT
PEN, TRAP = PrttDirection.PEN, PrttDirection.TRAP
TABLE = [
    Case("warrant, signalling", W, A),
    Case("warrant, signalling with a body", W, A, body=True),
    Case("warrant, speech", W, A, content=True),
    Case("warrant, message", W, A, service=Service.SMS),
    Case("warrant, a service it does not list", N, R, service=Service.DATA),
    Case("warrant, content of a service it does not list", N, R, service=Service.DATA, content=True),
    Case("a microsecond before the start", N, R, event_us=START - 1),
    # The agency flags the first and last 200 ms: the two clocks may differ by so much.
    Case("the first microsecond", W, F, event_us=START),
    Case("the last microsecond", W, F, event_us=END - 1),
    Case("the end", N, R, event_us=END),
    Case("the end, content", N, R, event_us=END, content=True),
    Case("the end, pen register", N, R, P, event_us=END),
    Case("revoked, after", N, R, event_us=MID, revoked_at_us=MID, state=OrderState.REVOKED),
    Case("revoked, long before", W, A, event_us=MID, revoked_at_us=MID + 10**9, state=OrderState.REVOKED),
    Case("lapsed", N, R, state=OrderState.LAPSED),
    Case("draft", N, R, state=OrderState.DRAFT),
    Case("terminated", N, R, state=OrderState.TERMINATED),
    # The carrier takes the body out; had it not, the agency would have masked it.
    Case("pen register, plain signalling", M, A, P),
    Case("pen register, signalling with a body", M, K, P, body=True),
    Case("pen register, speech", N, R, P, content=True),
    Case("pen register, data", N, R, P, service=Service.DATA, content=True),
    Case("pen register, message", M, K, P, service=Service.SMS, body=True),
    Case("exigent pen register, speech", N, R, OrderKind.EXIGENT_PRTT, content=True),
    Case("exigent eavesdropping, speech", W, A, OrderKind.EXIGENT_EAV_STATE, content=True),
    Case("pen only, the target calls", M, A, P, direction=PEN),
    Case("pen only, the target is called", N, R, P, direction=PEN, sends=False),
    Case("trap only, the target calls", N, R, P, direction=TRAP),
    Case("trap only, the target is called", M, A, P, direction=TRAP, sends=False),
]


@pytest.mark.parametrize("case", TABLE, ids=lambda case: case.name)
def test_both_gates_say_what_the_table_says(case: Case) -> None:
    assert allow(case.order, case.event).scope is case.carrier
    cin = CinState(TARGET_OK, case.sends)
    assert decide((case.order,), case.facts, LinkPolicy(), cin).verdict.kind is case.agency


@settings(max_examples=400, deadline=None)
@given(
    kind=st.sampled_from(list(OrderKind)),
    services=st.frozensets(st.sampled_from(list(Service)), min_size=1),
    service=st.sampled_from(list(Service)),
    event_us=st.sampled_from([START - 1, START, MID - 1, MID, MID + 1, END - 1, END]),
    content=st.booleans(),
    body=st.booleans(),
    sends=st.booleans(),
    direction=st.sampled_from(list(PrttDirection)),
    state=st.sampled_from(
        [OrderState.ISSUED, OrderState.ACTIVE, OrderState.DRAFT, OrderState.LAPSED, OrderState.REVOKED]
    ),
    revoked_at_us=st.sampled_from([None, MID]),
)
def test_the_agency_reads_nothing_that_an_honest_carrier_would_not_have_handed_over(
    kind: OrderKind, services: frozenset[Service], service: Service, event_us: int, content: bool, body: bool,
    sends: bool, direction: PrttDirection, state: OrderState, revoked_at_us: int | None,
) -> None:  # fmt: skip
    if state is OrderState.REVOKED and revoked_at_us is None:
        state = OrderState.ISSUED
    case = Case(
        "", N, R, kind, services, service, event_us, content, body and not content, sends,
        direction if kind.metadata_only else PrttDirection.BOTH, state, revoked_at_us,
    )  # fmt: skip
    scope = allow(case.order, case.event).scope
    verdict = decide((case.order,), case.facts, LinkPolicy(), CinState(TARGET_OK, sends)).verdict.kind
    if verdict in READABLE:
        assert scope is Scope.WHOLE or (scope is Scope.METADATA and not case.body and not content)
    if verdict is VerdictKind.MASK:
        assert scope is not Scope.WITHHOLD
    if scope is not Scope.WITHHOLD:
        assert verdict in (*READABLE, VerdictKind.MASK), "what is rightly handed over is not lost at the agency"
