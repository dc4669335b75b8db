"""Minimisation takes away and never gives; spot checks keep to their numbers; commands are signed, fresh and once."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from asn1.errors import RefusedError
from collector import standing
from collector.commands import Commands, read_command, sign_command
from collector.facts import RecordFacts
from collector.gate import Decision
from collector.gate_scope import CinState
from collector.in_force import OrdersInForce
from collector.minimise import ALL_CINS, Minimised, Mode, SpotChecks, apply
from collector.recorder.devices import Devices
from mediation.law.orders import CaseId, CourtOrder, Liid, OrderId, OrderKind, OrderState, Target, TargetKind, Window
from mediation.law.verdicts import Reason, Verdict, VerdictKind

S = 1_000_000
NOW = 1_780_000_000_000_000
CHECKS = SpotChecks(10 * S, 60 * S)
ORDER = CourtOrder(
    OrderId("O-1"), 1, OrderKind.EAVESDROPPING, CaseId("C"), Liid("LAB-1"), "LEA", Window(NOW - S, NOW + 10**12),
    (Target(TargetKind.E164, "12125550101"),),
)  # fmt: skip


def facts(kind: str, content: tuple[str, ...] = ()) -> RecordFacts:
    return RecordFacts("LAB-1", 1, 0, kind, "", None, None, NOW, None, NOW, content=content)


def decision(kind: VerdictKind, *reasons: Reason) -> Decision:
    return Decision(Verdict(kind, reasons or (Reason.OK,)), ORDER, CinState())


@pytest.mark.rule("R-118", "R-118.1")
def test_a_minimised_span_keeps_metadata_and_no_audio() -> None:
    taken = decision(VerdictKind.ACCEPT)
    audio = apply(taken, facts("cc", ("content",)), Mode.LIVE_ONLY).verdict
    assert audio == Verdict(VerdictKind.REJECT, (Reason.MINIMISED,), ("R-118",))
    message = apply(taken, facts("iri", ("body",)), Mode.LIVE_ONLY).verdict
    assert message == Verdict(VerdictKind.MASK, (Reason.MINIMISED,), ("R-118",))
    assert apply(taken, facts("iri"), Mode.LIVE_ONLY) == taken


@pytest.mark.rule("R-118")
def test_record_all_keeps_it_and_says_so_in_the_verdict() -> None:
    flagged = decision(VerdictKind.ACCEPT_FLAGGED, Reason.LATE_DELIVERY)
    kept = apply(flagged, facts("cc", ("content",)), Mode.RECORD_ALL).verdict
    assert kept.kind is VerdictKind.ACCEPT_FLAGGED and kept.reasons == (Reason.MINIMISED, Reason.LATE_DELIVERY)
    assert kept.rules == ("R-118", "R-096")


@given(
    kind=st.sampled_from(list(VerdictKind)),
    record=st.sampled_from(["iri", "cc", "hi1", "other"]),
    content=st.booleans(),
    mode=st.sampled_from([None, *Mode]),
)
def test_attack_minimising_never_lets_more_in(kind: VerdictKind, record: str, content: bool, mode: Mode | None) -> None:
    before = decision(kind, Reason.CLOCK_SKEW)
    after = apply(before, facts(record, ("content",) if content else ()), mode).verdict
    generous = [
        VerdictKind.DUPLICATE, VerdictKind.REJECT, VerdictKind.QUARANTINE, VerdictKind.MASK,
        VerdictKind.ACCEPT_FLAGGED, VerdictKind.ACCEPT,
    ]  # fmt: skip
    assert generous.index(after.kind) <= generous.index(kind)
    assert Reason.CLOCK_SKEW in after.reasons


@pytest.mark.rule("R-118", "R-118.2")
def test_a_spot_check_keeps_to_its_seconds_in_every_interval() -> None:
    state = Minimised(CHECKS)
    state.start("LAB-1", 1, Mode.LIVE_ONLY, NOW, "rivera")
    with pytest.raises(RefusedError, match=r"R-118"):
        state.spot_check("LAB-1", 1, NOW + CHECKS.every_us - 1)
    begun = NOW + CHECKS.every_us
    assert state.spot_check("LAB-1", 1, begun) == begun + CHECKS.length_us
    assert state.mode("LAB-1", 1, begun) is None and state.mode("LAB-1", 1, begun + CHECKS.length_us - 1) is None
    assert state.mode("LAB-1", 1, begun + CHECKS.length_us) is Mode.LIVE_ONLY
    with pytest.raises(RefusedError, match=r"R-118"):
        state.spot_check("LAB-1", 1, begun + CHECKS.every_us - 1)
    state.spot_check("LAB-1", 1, begun + CHECKS.every_us)


def test_one_communication_or_all_of_a_liid() -> None:
    state = Minimised(CHECKS)
    state.start("LAB-1", ALL_CINS, Mode.RECORD_ALL, NOW, "rivera")
    state.start("LAB-1", 2, Mode.LIVE_ONLY, NOW, "rivera")
    assert state.mode("LAB-1", 1, NOW) is Mode.RECORD_ALL and state.mode("LAB-1", 2, NOW) is Mode.LIVE_ONLY
    assert state.mode("LAB-2", 1, NOW) is None and state.liids() == {"LAB-1"}
    state.stop("LAB-1", ALL_CINS)
    assert state.mode("LAB-1", 1, NOW) is None
    for act in (lambda: state.stop("LAB-1", 1), lambda: state.spot_check("LAB-1", 1, NOW)):
        with pytest.raises(RefusedError):
            act()


class Desk:
    """Commands on fakes: what goes on record and what is decided about records."""

    def __init__(self, afterwards: bool = False) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.orders = (ORDER,)
        self.entries: list[dict[str, Any]] = []
        self.stood: list[standing.Entry] = []
        self.now_us = NOW
        self.allowed = afterwards
        self.minimised = Minimised(CHECKS)
        self.in_force = OrdersInForce(self, lambda order, event_us: None)
        self.in_force.renew()
        self.commands = self.open(self.key)

    def open(self, key: Ed25519PrivateKey | None) -> Commands:
        return Commands(
            None if key is None else key.public_key(), self.in_force, self.minimised, self, Devices(),
            append=lambda kind, fields: self.entries.append({"kind": kind, "fields": dict(fields)}),
            on_change=lambda: None, afterwards=lambda order: self.allowed,
        )  # fmt: skip

    def current(self) -> tuple[CourtOrder, ...]:
        return self.orders

    def stand(self, entries: list[standing.Entry]) -> None:
        self.stood += entries

    def do(self, name: str, **fields: Any) -> dict[str, Any]:
        self.now_us += S
        values = {"liid": "LAB-1", "cin": 1, "by": "rivera", "role": "INV"} | fields
        return self.commands.take(name, sign_command(name, values, self.key, self.now_us), self.now_us)


@pytest.mark.rule("R-118")
def test_minimising_is_taken_and_put_on_record_and_outlives_a_restart() -> None:
    desk = Desk()
    desk.do("minimise", on=True, mode="live-only")
    assert desk.minimised.mode("LAB-1", 1, desk.now_us) is Mode.LIVE_ONLY
    (entry,) = desk.entries
    assert entry["kind"] == "minimise" and (entry["fields"]["by"], entry["fields"]["on"]) == ("rivera", True)
    desk.now_us += CHECKS.every_us
    until_us = desk.do("minimise", spot_check=True)["until_us"]
    again = Minimised(CHECKS)
    again.restore(desk.entries)
    assert again.mode("LAB-1", 1, until_us - 1) is None and again.mode("LAB-1", 1, until_us) is Mode.LIVE_ONLY
    desk.do("minimise", on=False)
    assert desk.minimised.state() == []


@pytest.mark.rule("R-119", "R-119.1")
def test_minimising_afterwards_needs_the_warrant_s_word() -> None:
    asked = {"afterwards": True, "expert_available": False, "reason": "in a language nobody here speaks"}
    with pytest.raises(RefusedError, match=r"R-119"):
        Desk().do("minimise", **asked)
    desk = Desk(afterwards=True)
    for wrong in ({"expert_available": True}, {"reason": " "}, {"expert_available": None}, {"cin": None}):
        with pytest.raises(RefusedError, match=r"R-119"):
            desk.do("minimise", **asked | wrong)
    assert desk.stood == []
    desk.do("minimise", **asked, from_us=NOW, to_us=NOW + 5 * S)
    (entry,) = desk.stood
    assert entry.state is standing.State.MINIMISED and (entry.scope.from_us, entry.scope.to_us) == (NOW, NOW + 5 * S)
    assert desk.minimised.state() == []


@pytest.mark.rule("R-120", "R-120.1")
def test_a_privilege_flag_is_taken_back_by_a_supervisor_with_a_reason() -> None:
    desk = Desk()
    fields = desk.do("standing", privileged=True, reason="counsel")
    assert fields["filter_role"] == "FILT" and desk.stood[-1].state is standing.State.PRIVILEGED
    for wrong in ({"role": "INV", "reason": "not counsel"}, {"role": "SUP", "reason": ""}, {"role": "TARU"}):
        with pytest.raises(RefusedError, match=r"R-120"):
            desk.do("standing", privileged=False, **wrong)
    assert len(desk.stood) == 1
    desk.do("standing", privileged=False, role="SUP", by="okafor", reason="it was not counsel's line")
    assert desk.stood[-1].state is standing.State.RELEASED and desk.stood[-1].by == "okafor"


@pytest.mark.rule("R-121", "R-121.1")
def test_another_crime_is_fenced_until_the_warrant_is_amended() -> None:
    desk = Desk()
    desk.do("standing", fenced=True, reason="another crime")
    lift = {"fenced": False, "role": "SUP", "by": "okafor", "reason": "amended"}
    with pytest.raises(RefusedError, match=r"R-121"):
        desk.do("standing", **lift)
    desk.orders = (replace(ORDER, version=2, issued_at_us=desk.now_us + 60 * S),)
    desk.in_force.renew()
    with pytest.raises(RefusedError, match=r"R-121"):
        desk.do("standing", **lift)
    desk.now_us += 60 * S
    desk.do("standing", **lift)
    assert [one.state for one in desk.stood] == [standing.State.PRIVILEGED, standing.State.RELEASED]


@pytest.mark.rule("R-121")
@pytest.mark.parametrize(
    "end",
    [
        {"state": OrderState.REVOKED, "revoked_at_us": NOW},
        {"state": OrderState.TERMINATED, "objective_attained_at_us": NOW},
        {"state": OrderState.SEALED},
    ],
)
def test_attack_a_version_that_only_ends_the_order_lifts_no_fence(end: dict[str, Any]) -> None:
    desk = Desk()
    desk.do("standing", fenced=True, reason="another crime")
    desk.orders = (replace(ORDER, version=2, issued_at_us=NOW - S, **end),)
    desk.in_force.renew()
    with pytest.raises(RefusedError, match=r"R-121"):
        desk.do("standing", fenced=False, role="SUP", by="okafor", reason="amended")
    assert standing.State.RELEASED not in {one.state for one in desk.stood}


def test_attack_lifting_the_fence_does_not_lift_the_privilege() -> None:
    desk = Desk()
    desk.do("standing", privileged=True, reason="counsel")
    desk.do("standing", fenced=True, reason="another crime")
    desk.orders = (replace(ORDER, version=2),)
    desk.in_force.renew()
    again = desk.open(desk.key)
    again.restore(desk.entries)
    desk.commands = again
    desk.do("standing", fenced=False, role="SUP", by="okafor", reason="amended")
    assert standing.State.RELEASED not in {one.state for one in desk.stood}
    desk.do("standing", privileged=False, role="SUP", by="okafor", reason="not counsel")
    assert desk.stood[-1].state is standing.State.RELEASED


def test_attack_a_command_of_somebody_else_or_altered_is_refused() -> None:
    desk = Desk()
    fields = {"liid": "LAB-1", "cin": 1, "on": True, "mode": "live-only", "by": "rivera"}
    good = sign_command("minimise", fields, desk.key, NOW)
    altered = json.dumps(json.loads(good) | {"cin": 2}).encode()
    forged = sign_command("minimise", fields, Ed25519PrivateKey.generate(), NOW)
    for octets in (altered, forged, b"", b"[]", b"{}", b'{"signature":1}', b"\xff", b"[" * 9000, bytes(20_000)):
        with pytest.raises(RefusedError):
            desk.commands.take("minimise", octets, NOW)
    with pytest.raises(RefusedError, match="not a standing"):
        desk.commands.take("standing", good, NOW)
    assert desk.minimised.state() == [] and {one["kind"] for one in desk.entries} == {"command_refused"}
    desk.commands.take("minimise", good, NOW)


def test_attack_a_command_is_taken_once_also_after_a_restart() -> None:
    desk = Desk()
    octets = sign_command(
        "minimise", {"liid": "LAB-1", "cin": 1, "on": True, "mode": "live-only", "by": "rivera"}, desk.key, NOW
    )
    desk.commands.take("minimise", octets, NOW)
    again = desk.open(desk.key)
    again.restore(desk.entries)
    for commands in (desk.commands, again):
        with pytest.raises(RefusedError, match="not later than the last"):
            commands.take("minimise", octets, NOW + S)


@pytest.mark.parametrize("away_us", [-6 * S, 301 * S])
def test_a_command_of_another_time_is_refused(away_us: int) -> None:
    key = Ed25519PrivateKey.generate()
    octets = sign_command("minimise", {"by": "rivera"}, key, NOW - away_us)
    with pytest.raises(RefusedError, match="away from ours"):
        read_command("minimise", octets, key.public_key(), NOW, -1)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("minimise", {"on": True, "mode": "sometimes"}),
        ("minimise", {}),
        ("minimise", {"on": "yes"}),
        ("minimise", {"on": False}),
        ("minimise", {"on": True, "mode": "live-only", "cin": "1"}),
        ("minimise", {"on": True, "mode": "live-only", "liid": "LAB-STRANGER"}),
        ("minimise", {"on": True, "mode": "live-only", "by": ""}),
        ("standing", {}),
        ("standing", {"privileged": True, "fenced": True}),
        ("standing", {"privileged": True, "cin": None}),
        ("standing", {"privileged": False, "role": "SUP", "reason": "never was"}),
    ],
)
def test_a_command_that_says_nothing_clear_is_refused(name: str, fields: dict[str, Any]) -> None:
    desk = Desk()
    with pytest.raises(RefusedError):
        desk.do(name, **fields)
    assert desk.stood == [] and desk.minimised.state() == []


def test_without_a_key_no_command_is_taken() -> None:
    desk = Desk()
    with pytest.raises(RefusedError, match="command_public_key"):
        desk.open(None).take("minimise", sign_command("minimise", {"by": "rivera"}, desk.key, NOW), NOW)
