"""What becomes of a piece of a covert recording, in the gate's own tables, and what the socket answers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from asn1.columns import LiidTable
from asn1.errors import RefusedError
from asn1.recording import Recording, Sound, sign_recording
from collector.accounts import BatchAccount
from collector.assembly import OrderSlots
from collector.careful import CarefulLane
from collector.conflicts import Conflicts
from collector.facts.stored import RECORDING, content_service, dialect_of, facts_of_stored
from collector.gate import LinkPolicy
from collector.gate_columns import GateLimits
from collector.keeping import Keeper
from collector.laes.link import Arrived
from collector.minimise import Minimised, SpotChecks
from collector.pipeline import LinkState
from collector.recorder.devices import DEVICE, INSTALLED, REMOVED, Devices
from collector.recorder.lane import NOT_STREAMING, RecorderLane
from collector.rows import FORM_QUARANTINED, FORM_RECEIVED, Rows
from collector.stream_table import StreamTable
from collector.verify import StreamBook
from mediation.law.orders import (
    CaseId,
    CourtOrder,
    Liid,
    OrderId,
    OrderKind,
    Service,
    Target,
    TargetKind,
    Window,
)
from mediation.law.verdicts import Reason, Verdict, VerdictKind

T = 1_780_000_000_000_000
S = 1_000_000
END = T + 600 * S
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STREAMER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


def warrant(**changes: Any) -> CourtOrder:
    values: dict[str, Any] = {
        "order_id": OrderId("O14"), "version": 1, "kind": OrderKind.COVERT_AUDIO_WARRANT, "case_id": CaseId("C-14"),
        "liid": Liid("LI-14"), "agency": "LAB", "window": Window(T, END), "services": frozenset({Service.VOICE}),
        "targets": (Target(TargetKind.DEVICE, "D1"), Target(TargetKind.DEVICE, "D3")),
    }  # fmt: skip
    return CourtOrder(**(values | changes))


TAP = warrant(
    order_id=OrderId("O-TAP"), kind=OrderKind.EAVESDROPPING, liid=Liid("LI-TAP"),
    targets=(Target(TargetKind.E164, "12125550100"),),
)  # fmt: skip
PEN = warrant(
    order_id=OrderId("O-PEN"), kind=OrderKind.PRTT, liid=Liid("LI-PEN"),
    targets=(Target(TargetKind.DEVICE, "D1"),), services=frozenset(),
)  # fmt: skip


class Bench:
    """The lane with a batch that is never handed over; pieces come `now_us`."""

    def __init__(self) -> None:
        self.now_us = END
        held = {"LI-14": (warrant(),), "LI-TAP": (TAP,), "LI-PEN": (PEN,)}
        orders: Any = SimpleNamespace(orders_for=lambda liid: held.get(liid, ()), kept=lambda order, event_us: None)
        self.held = held
        self.batch: Any = SimpleNamespace(account=BatchAccount(), rows=Rows(4), side=bytearray(), said={})
        octets: list[bytes] = []
        liids, streams, minimised = LiidTable(1), StreamTable(1), Minimised(SpotChecks(0, 0))
        secret = X25519PrivateKey.generate()
        keeper = Keeper(OrderSlots(), hmac_key=bytes(32), quarantine=secret.public_key())
        conflicts: Any = Conflicts(SimpleNamespace(find=lambda *_: None), bytes(32))  # type: ignore[arg-type]
        careful = CarefulLane(
            orders, streams, StreamBook(), keeper, octets, conflicts=conflicts, minimised=minimised, forget_us=10**9
        )
        self.devices = Devices()
        self.lane = RecorderLane(
            careful, streams, self.batch, liids,
            lambda: octets.extend(liids.octets(number) for number in range(len(octets), len(liids))), minimised,
            bytes(32), self.devices,
        )  # fmt: skip
        self.link = LinkState("rec", LinkPolicy(skew_us=0), GateLimits(0, 0), 1 << 20, recorder=True)
        self.verdicts: list[Verdict] = []
        self.link.guard = SimpleNamespace(judged=self.verdicts.append, paused=False)  # type: ignore[assignment]
        self.lane.add(self.link)
        for name, key, streaming in (("D1", KEY, False), ("D3", STREAMER, True)):
            public = key.public_key().public_bytes_raw().hex()
            fields = {DEVICE: name, "liid": "LI-14", "act": INSTALLED, "public_key": public, "streaming": streaming}
            self.devices.take(fields, "TARU", (warrant(),))

    def send(self, octets: bytes) -> tuple[VerdictKind, frozenset[Reason]]:
        """What became of it."""
        self.verdicts.clear()
        self.lane.message("rec", Arrived(octets, None, self.now_us), self.now_us)
        assert self.lane.taken() == len(self.verdicts) == 1
        return self.verdicts[0].kind, frozenset(self.verdicts[0].reasons)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def piece(at_us: int = T + 60 * S, key: Ed25519PrivateKey = KEY, samples: int = 8000, **changes: Any) -> bytes:
    made = Recording("D1", "LI-14", 1, 0, at_us, False, Sound("PCMU", b"\xff" * samples))
    return sign_recording(made._replace(**changes), key)


@pytest.mark.rule("R-162")
def test_a_piece_under_its_warrant_is_accepted_and_stored_as_it_came(bench: Bench) -> None:
    octets = piece()
    kind, reasons = bench.send(octets)
    assert kind is VerdictKind.ACCEPT_FLAGGED and reasons == {Reason.LATE_DELIVERY}
    rows = bench.batch.rows
    assert bytes(bench.batch.side) == octets and rows.form[0] == FORM_RECEIVED
    assert rows.content_tag[0] == RECORDING and rows.event_us[0] == T + 60 * S and rows.kind[0] == 1
    assert dialect_of(RECORDING) == "recorder" and content_service(RECORDING) is Service.VOICE
    facts = facts_of_stored(RECORDING, octets, END, "LI-14", rows.cin[0])
    assert facts.parties == {Target(TargetKind.DEVICE, "D1")} and facts.cin == rows.cin[0]


def test_pieces_of_one_recording_are_one_communication(bench: Bench) -> None:
    for number in range(3):
        bench.send(piece(T + number * S, piece=number))
    bench.send(piece(T + 9 * S, recording=2))
    assert len(set(bench.batch.rows.cin[:3])) == 1 and bench.batch.rows.cin[3] != bench.batch.rows.cin[0]


@pytest.mark.rule("R-162", "R-162.1")
@pytest.mark.parametrize("liid", ["", "LI-OTHER"])
def test_without_a_warrant_nothing_enters(bench: Bench, liid: str) -> None:
    assert bench.send(piece(liid=liid)) == (VerdictKind.REJECT, {Reason.NO_ORDER})
    assert bench.batch.rows.n == 0 and not bench.batch.side


@pytest.mark.rule("R-164", "R-164.1")
@pytest.mark.parametrize(
    ("at_us", "samples", "kind"),
    [
        (T - 1, 8000, VerdictKind.REJECT),
        (T, 8000, VerdictKind.ACCEPT_FLAGGED),
        (END - S, 8000, VerdictKind.ACCEPT_FLAGGED),
        (END - S + 125, 8000, VerdictKind.REJECT),
        (END - 125, 1, VerdictKind.ACCEPT_FLAGGED),
        (END - 1, 1, VerdictKind.REJECT),
        (END, 1, VerdictKind.REJECT),
    ],
)
def test_both_ends_of_the_sound_lie_inside_the_warrant(
    bench: Bench, at_us: int, samples: int, kind: VerdictKind
) -> None:
    bench.now_us = END + 100 * S
    found, reasons = bench.send(piece(at_us, samples=samples))
    assert found is kind
    if kind is VerdictKind.REJECT:
        assert reasons & {Reason.ORDER_EXPIRED, Reason.ORDER_NOT_STARTED}


@pytest.mark.rule("R-162", "R-166")
def test_a_warrant_for_a_line_takes_no_recording_and_a_pen_register_none_either(bench: Bench) -> None:
    kind, reasons = bench.send(piece(liid="LI-TAP"))
    assert kind is VerdictKind.REJECT and {Reason.TARGET_MISMATCH, Reason.SCOPE_TYPE_NOT_AUTHORISED} <= reasons
    kind, reasons = bench.send(piece(liid="LI-PEN"))
    assert kind is VerdictKind.REJECT and Reason.SCOPE_CONTENT_ON_PRTT in reasons


def test_a_device_that_the_warrant_does_not_name_is_no_target(bench: Bench) -> None:
    bench.held["LI-14"] = (warrant(targets=(Target(TargetKind.DEVICE, "D3"),)),)
    kind, reasons = bench.send(piece())
    assert kind is VerdictKind.REJECT and Reason.TARGET_MISMATCH in reasons


@pytest.mark.rule("R-090")
def test_attack_a_piece_that_no_enrolled_key_signed_is_set_apart(bench: Bench) -> None:
    forged = Ed25519PrivateKey.generate()
    for octets in (piece(key=forged), piece(key=STREAMER), piece(key=forged, device="D9")):
        kind, reasons = bench.send(octets)
        assert kind is VerdictKind.QUARANTINE and Reason.TAMPERED in reasons
    assert set(bench.batch.rows.form[: bench.batch.rows.n]) == {FORM_QUARANTINED}
    # What an order would not take of a genuine one is not kept of a forged one either.
    assert bench.send(piece(END, key=forged))[0] is VerdictKind.REJECT
    assert bench.send(piece(key=forged, liid="LI-PEN"))[0] is VerdictKind.REJECT
    # A forged one says nothing of a genuine one that comes later.
    assert bench.send(piece())[0] is VerdictKind.ACCEPT_FLAGGED


@pytest.mark.rule("R-169", "R-169.1", "R-087")
def test_attack_a_cameras_picture_is_no_recording_whatever_it_is_wrapped_in(bench: Bench) -> None:
    """A camera or a handheld has no key here and no warrant that names it: its octets are refused, a picture dressed as
    sound is set apart where the warrant would have taken the device's own, and nothing of it can be read."""
    picture = b"\x89PNG\r\n\x1a\n" + bytes(400)
    dressed = {"device": "CAM1", "sound": Sound("PCMU", picture)}
    assert bench.send(picture)[0] is VerdictKind.REJECT
    assert bench.send(piece(key=Ed25519PrivateKey.generate(), liid="", **dressed))[0] is VerdictKind.REJECT
    assert bench.batch.rows.n == 0 and not bench.batch.side
    assert bench.send(piece(key=Ed25519PrivateKey.generate(), **dressed))[0] is VerdictKind.QUARANTINE
    assert picture not in bytes(bench.batch.side)


@pytest.mark.rule("R-168", "R-168.1")
def test_a_device_that_cannot_stream_has_not_streamed(bench: Bench) -> None:
    kind, reasons = bench.send(piece(live=True))
    assert (kind, reasons) == (VerdictKind.REJECT, {Reason.PARSE_ERROR}) and bench.link.errors[NOT_STREAMING] == 1
    assert bench.send(piece(live=True, device="D3", key=STREAMER))[0] is VerdictKind.ACCEPT_FLAGGED


@pytest.mark.rule("R-167", "R-093")
def test_attack_a_piece_that_was_edited_and_signed_anew_is_set_apart(bench: Bench) -> None:
    """Even who holds the device's key cannot put other sound in the place of what is stored."""
    assert bench.send(piece())[0] is VerdictKind.ACCEPT_FLAGGED
    assert bench.send(piece()) == (VerdictKind.DUPLICATE, {Reason.DUPLICATE})
    edited = piece(sound=Sound("PCMU", b"\x00" * 8000))
    kind, reasons = bench.send(edited)
    assert kind is VerdictKind.QUARANTINE and Reason.TAMPERED in reasons
    assert bench.send(piece()) == (VerdictKind.DUPLICATE, {Reason.DUPLICATE})


def test_what_was_refused_is_judged_anew_when_it_comes_again(bench: Bench) -> None:
    bench.held["LI-14"] = (warrant(window=Window(T + 300 * S, END)),)
    assert bench.send(piece())[0] is VerdictKind.REJECT
    bench.held["LI-14"] = (warrant(),)
    assert bench.send(piece())[0] is VerdictKind.ACCEPT_FLAGGED


def test_after_a_restart_a_piece_that_is_stored_is_known(bench: Bench) -> None:
    from collector.seal import withheld_digest

    bench.lane.restore([(("D1", 1, 0), withheld_digest(bytes(32), piece()))])
    assert bench.send(piece())[0] is VerdictKind.DUPLICATE


def test_octets_that_are_no_piece_are_refused_as_nobodys(bench: Bench) -> None:
    kind, reasons = bench.send(b"\x30\x03\x02\x01\x05")
    assert kind is VerdictKind.REJECT and {Reason.PARSE_ERROR, Reason.NO_ORDER} == reasons


# The devices


def test_the_technical_unit_alone_enrols(bench: Bench) -> None:
    fields = {DEVICE: "D1", "liid": "LI-14", "act": INSTALLED, "public_key": "00" * 32, "streaming": False}
    for role in ("INV", "SUP", "TADM", ""):
        with pytest.raises(RefusedError, match="R-163"):
            Devices().take(fields, role, (warrant(),))
    with pytest.raises(RefusedError, match="R-166"):
        Devices().take(fields, "TARU", (TAP,))
    with pytest.raises(RefusedError, match="R-166"):
        Devices().take({**fields, DEVICE: "D2"}, "TARU", (warrant(),))
    with pytest.raises(RefusedError, match="another key"):
        bench.devices.take(
            {**fields, "public_key": STREAMER.public_key().public_bytes_raw().hex()}, "TARU", (warrant(),)
        )


@pytest.mark.parametrize(
    "change",
    [{DEVICE: ""}, {DEVICE: "../x"}, {"act": "sold"}, {"public_key": "00"}, {"public_key": 5}, {"streaming": "no"}],
)
def test_attack_a_command_that_says_something_else_enrols_nobody(change: dict[str, Any]) -> None:
    fields = {DEVICE: "D1", "liid": "LI-14", "act": INSTALLED, "public_key": "00" * 32, "streaming": False}
    devices = Devices()
    with pytest.raises(RefusedError):
        devices.take(fields | change, "TARU", (warrant(),))
    assert devices.listed() == []


@pytest.mark.rule("R-164", "R-164.2")
def test_it_comes_back_and_its_key_stays_known_over_a_restart(bench: Bench) -> None:
    public = KEY.public_key().public_bytes_raw().hex()
    made = bench.devices.take({DEVICE: "D1", "liid": "LI-14", "act": REMOVED}, "TARU", ())
    with pytest.raises(RefusedError, match="not installed"):
        bench.devices.take({DEVICE: "D1", "liid": "LI-14", "act": REMOVED}, "TARU", ())
    again = Devices()
    installed = {DEVICE: "D1", "liid": "LI-14", "act": INSTALLED, "public_key": public, "streaming": False}
    again.restore(
        [{"kind": "start", "fields": {}}, {"kind": DEVICE, "fields": installed}, {"kind": DEVICE, "fields": made}]
    )
    assert again.listed() == [{"device": "D1", "liid": "LI-14", "streaming": False, "installed": False}]
    # What it recorded in time is read out after it was removed.
    assert bench.send(piece())[0] is VerdictKind.ACCEPT_FLAGGED
