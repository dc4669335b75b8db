"""Court documents in, tasks at an element out: only what the court signed, from its start to its end, said again until
it is so."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asn1 import x1
from asn1.errors import RefusedError
from lab.papers import lab_papers
from mediation import admf as admf_module
from mediation.admf import Admf, Files
from mediation.config import ActivationModel, FaultsModel
from mediation.faults import Faults
from mediation.interception import did_of, identifiers, rogue_xid, xid_of
from mediation.law.certification import certification_from_fields, missing_of
from mediation.law.documents import DocumentAction, extended, make_document, order_from_fields, revoked
from mediation.law.orders import CourtOrder, Target, TargetKind, Window
from mediation.law.papers import Papers
from mediation.runtime.clock import ManualClock
from mediation.runtime.config import Listen
from mediation.runtime.exchange import Endpoint
from mediation.runtime.status import start_http

SECOND = 1_000_000
START = 1_750_000_000 * SECOND
END = START + 10 * 86_400 * SECOND
COURT = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def order(number: int = 1, kind: str = "EAVESDROPPING", **changes: Any) -> CourtOrder:
    values: dict[str, Any] = {
        "order_id": f"O-{number}", "kind": kind, "liid": f"LAB-{number}", "targets": ["e164:12125550101"],
        "start": START, "end": END,
    }  # fmt: skip
    if kind == "EAVESDROPPING":
        values["services"] = ["VOICE", "SMS", "DATA"]
    return order_from_fields(values | changes)


@dataclass
class Element:
    """A network element reduced to its X1 answers: what it was told, in order, and what it holds."""

    tasks: dict[uuid.UUID, x1.TaskDetails] = field(default_factory=dict)
    destinations: dict[uuid.UUID, x1.DestinationDetails] = field(default_factory=dict)
    told: list[x1.X1Message] = field(default_factory=list)
    requests: int = 0
    raw: bytes | None = None
    refuse: dict[str, int] = field(default_factory=dict)

    async def post(self, request: web.Request) -> web.Response:
        self.requests += 1
        messages = x1.parse_request(await request.read())
        if self.raw is not None:
            return web.Response(body=self.raw, content_type="application/xml")
        return web.Response(
            body=x1.build_response([self.reply(one) for one in messages]), content_type="application/xml"
        )

    def reply(self, message: x1.X1Message) -> x1.X1Reply:
        code = self.refuse.get(message.kind, 0) or self.do(message)
        error = x1.X1Error(code, "refused") if code else None
        reply = x1.X1Reply(message.kind, message.admf_id, message.ne_id, message.transaction_id, START, error)
        if message.kind == "ListAllDetails" and not code:
            return replace(reply, xids=tuple(self.tasks), dids=tuple(self.destinations))
        return reply

    def do(self, message: x1.X1Message) -> int:
        self.told.append(message)
        if message.kind == "CreateDestination" and message.destination is not None:
            if message.destination.did in self.destinations:
                return x1.DID_EXISTS
            self.destinations[message.destination.did] = message.destination
        elif message.task is not None:
            if message.kind == "ActivateTask" and not set(message.task.dids) <= set(self.destinations):
                return x1.NO_DID
            if (message.task.xid in self.tasks) is (message.kind == "ActivateTask"):
                return x1.XID_EXISTS if message.kind == "ActivateTask" else x1.NO_XID
            self.tasks[message.task.xid] = message.task
        elif message.xid is not None and self.tasks.pop(message.xid, None) is None:
            return x1.NO_XID
        return 0

    def kinds(self) -> list[str]:
        return [message.kind for message in self.told if message.kind != "ListAllDetails"]


@dataclass
class Bench:
    inbox: Path
    element: Element = field(default_factory=Element)
    clock: ManualClock = field(default_factory=lambda: ManualClock(START))
    faults: Faults = field(default_factory=lambda: Faults(FaultsModel()))
    policy: ActivationModel = field(default_factory=ActivationModel)
    url: str = "http://127.0.0.1:1/X1/NE"
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @staticmethod
    def within(directory: Path) -> Bench:
        (directory / "inbox").mkdir()
        return Bench(directory / "inbox")

    def issue(
        self, one: CourtOrder, key: Ed25519PrivateKey = COURT, name: str = "", papers: Papers | None = None,
        action: DocumentAction = DocumentAction.ISSUE,
    ) -> Path:  # fmt: skip
        path = self.inbox / (name or f"{one.order_id}.v{one.version}.json")
        path.write_bytes(make_document(one, key, action, papers=lab_papers(one) if papers is None else papers))
        return path

    def certifications(self) -> list[dict[str, Any]]:
        return list(Files.within(self.inbox.parent).certifications.read())

    def admf(self) -> Admf:
        files = Files.within(self.inbox.parent)
        made = Admf(
            self.inbox,
            COURT.public_key(),
            Endpoint(self.url),
            "ne-1",
            "admf-1",
            self.clock,
            self.faults,
            files,
            self.policy,
        )
        made.tasks.deliver_to(("127.0.0.1", 4001), ("127.0.0.1", 4002))
        return made

    def start(self) -> Admf:
        made = self.admf()
        self.tasks.append(asyncio.create_task(made.run()))
        return made

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                assert not any(task.done() for task in self.tasks)
                await asyncio.sleep(0)

    async def rounds(self) -> None:
        """Long enough for several looks into the inbox."""
        for _ in range(200):
            await asyncio.sleep(0)


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setattr(admf_module, "POLL_S", 0)
    made = Bench.within(tmp_path)
    runner, port = await start_http(Listen(), [web.post("/X1/NE", made.element.post)])
    made.url = f"http://127.0.0.1:{port}/X1/NE"
    yield made
    for task in made.tasks:
        task.cancel()
    await asyncio.gather(*made.tasks, return_exceptions=True)
    await runner.cleanup()


XID = xid_of("O-1")
PONG = x1.X1Reply("Ping", "admf-1", "ne-1", uuid.UUID(int=1), START)


# --- from an order to a task --------------------------------------------------------------------------------------


def test_ids_follow_from_the_order_alone() -> None:
    assert xid_of("O-1") == xid_of("O-1") != xid_of("O-2")
    assert len({xid_of("x2"), did_of("x2"), did_of("x3")}) == 3
    assert xid_of("O-1").version == 5


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        (TargetKind.E164, "12125550101", ("e164Number", "12125550101")),
        (TargetKind.IMSI, "001010000000001", ("imsi", "001010000000001")),
        (TargetKind.SIP_URI, "sip:a@ims.invalid", ("sipUri", "sip:a@ims.invalid")),
        (TargetKind.IPV4, "192.0.2.1", ("ipv4Address", "192.0.2.1")),
        (TargetKind.IPV6, "2001:db8::1", ("ipv6Address", "2001:0db8:0000:0000:0000:0000:0000:0001")),
    ],
)
def test_every_kind_of_target_has_its_identifier(kind: TargetKind, value: str, found: tuple[str, str]) -> None:
    named = replace(order(), targets=(Target(kind, value), Target(TargetKind.HOST, "host.invalid")))
    assert identifiers(named) == (found,)


async def test_a_warrant_becomes_a_task_with_content_and_a_pen_register_one_without(bench: Bench) -> None:
    bench.issue(order(1))
    bench.issue(order(2, "PRTT"))
    admf = bench.start()
    await bench.until(lambda: admf.active_tasks == 2)
    warrant, pen = bench.element.tasks[xid_of("O-1")], bench.element.tasks[xid_of("O-2")]
    assert (warrant.delivery_type, warrant.dids) == ("X2andX3", (did_of("x2"), did_of("x3")))
    assert (pen.delivery_type, pen.dids) == ("X2Only", (did_of("x2"),))
    assert warrant.targets == pen.targets == (("e164Number", "12125550101"),)
    assert bench.element.destinations[did_of("x2")].endpoint == ("127.0.0.1", 4001)
    assert bench.element.destinations[did_of("x3")].delivery_type == "X3Only"
    assert bench.element.kinds()[:2] == ["CreateDestination", "CreateDestination"]


async def test_a_task_is_active_from_the_start_to_the_end_of_its_order_on_the_runs_clock(bench: Bench) -> None:
    bench.clock = ManualClock(START - 1)
    bench.issue(order())
    admf = bench.start()
    await bench.until(lambda: len(bench.element.destinations) == 2)
    await bench.rounds()
    assert not bench.element.tasks and XID in admf.orders
    bench.clock.advance(1)
    await bench.until(lambda: XID in bench.element.tasks)
    bench.clock.advance(END - START - 1)
    await bench.rounds()
    assert XID in bench.element.tasks
    bench.clock.advance(1)
    await bench.until(lambda: not bench.element.tasks)
    assert XID in admf.orders, "what still arrives is judged by it"


async def test_a_training_fault_keeps_a_task_past_its_end(bench: Bench) -> None:
    bench.faults.change({"window_slack_s": {"LAB-1": 5e-6}})
    bench.issue(order())
    bench.start()
    await bench.until(lambda: XID in bench.element.tasks)
    bench.clock.advance(END - START + 4)
    await bench.rounds()
    assert XID in bench.element.tasks
    bench.clock.advance(1)
    await bench.until(lambda: not bench.element.tasks)


async def test_a_new_version_changes_the_task_and_an_older_one_does_not(bench: Bench) -> None:
    bench.issue(order())
    admf = bench.start()
    await bench.until(lambda: admf.active_tasks == 1)
    bench.issue(order(version=3, targets=["e164:12125550103"]))
    await bench.until(lambda: bench.element.tasks[XID].targets == (("e164Number", "12125550103"),))
    assert bench.element.kinds()[-1] == "ModifyTask"
    bench.issue(order(version=2, targets=["e164:12125550102"]))
    bench.issue(order(version=3, targets=["e164:12125550102"]), name="another.json")
    await bench.rounds()
    assert bench.element.tasks[XID].targets == (("e164Number", "12125550103"),) and admf.orders[XID].version == 3


async def test_a_revocation_takes_the_task_away(bench: Bench) -> None:
    bench.issue(order())
    admf = bench.start()
    await bench.until(lambda: admf.active_tasks == 1)
    bench.issue(revoked(order(), START + SECOND))
    await bench.until(lambda: not bench.element.tasks)
    await bench.until(lambda: admf.active_tasks == 0)
    assert bench.element.kinds()[-1] == "DeactivateTask" and admf.orders[XID].revoked_at_us == START + SECOND


async def test_nothing_is_said_twice_when_nothing_changes(bench: Bench) -> None:
    bench.issue(order())
    admf = bench.start()
    await bench.until(lambda: admf.active_tasks == 1)
    said = bench.element.kinds()
    await bench.rounds()
    assert bench.element.kinds() == said, "it is asked what it holds, and told nothing"


async def test_a_restart_finds_its_own_tasks_and_destinations_in_order(bench: Bench) -> None:
    bench.issue(order())
    first = bench.start()
    await bench.until(lambda: first.active_tasks == 1)
    bench.tasks.pop().cancel()
    bench.element.told.clear()
    again = bench.start()
    await bench.until(lambda: again.active_tasks == 1 and "ModifyTask" in bench.element.kinds())
    assert set(bench.element.tasks) == {XID} and len(bench.element.destinations) == 2


async def test_more_orders_than_one_request_may_carry_all_become_tasks(bench: Bench) -> None:
    count = x1.MAX_MESSAGES + 50
    for number in range(count):
        bench.issue(order(number))
    admf = bench.start()
    await bench.until(lambda: admf.active_tasks == count)
    assert len(bench.element.tasks) == count


# --- an element that does not do as it is told --------------------------------------------------------------------


async def test_an_element_that_is_down_is_told_everything_when_it_answers(bench: Bench) -> None:
    bench.issue(order())
    url, bench.url = bench.url, "http://127.0.0.1:1/X1/NE"
    admf = bench.start()
    await bench.rounds()
    assert admf.active_tasks == 0
    admf.tasks.element = Endpoint(url)
    await bench.until(lambda: admf.active_tasks == 1)
    assert set(bench.element.tasks) == {XID} and len(bench.element.destinations) == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\xff" * 100,
        x1.build_top_level_error("admf-1", "ne-1", START),
        x1.build_response([]),
        x1.build_response([PONG] * 9),
        x1.build_response([replace(PONG, error=x1.X1Error(7, "x"))]).replace(b">7<", ">²<".encode()),
        b" " * (x1.MAX_OCTETS + 10),
    ],
)  # fmt: skip
async def test_hostile_answer_of_an_element_ends_nothing_and_is_believed_in_nothing(
    bench: Bench, answer: bytes
) -> None:
    bench.element.raw = answer
    bench.issue(order())
    admf = bench.start()
    await bench.until(lambda: bench.element.requests >= 3)
    assert admf.active_tasks == 0
    bench.element.raw = None
    await bench.until(lambda: admf.active_tasks == 1)


async def test_order_that_ends_while_the_element_is_out_of_reach_is_taken_away_afterwards(bench: Bench) -> None:
    bench.issue(order())
    admf = bench.start()
    await bench.until(lambda: admf.active_tasks == 1)
    element, admf.tasks.element = admf.tasks.element, Endpoint("http://127.0.0.1:1/X1/NE")
    bench.issue(order(2))
    await bench.until(lambda: admf.active_tasks == 0)
    bench.clock.advance(END - START)
    await bench.rounds()
    assert XID in bench.element.tasks
    admf.tasks.element = element
    await bench.until(lambda: not bench.element.tasks)


async def test_a_refused_destination_is_asked_for_again(bench: Bench) -> None:
    bench.element.refuse = {"CreateDestination": x1.GENERIC_ERROR}
    bench.issue(order())
    admf = bench.start()
    await bench.until(lambda: bench.element.requests >= 3)
    assert admf.active_tasks == 0
    bench.element.refuse = {}
    await bench.until(lambda: admf.active_tasks == 1)
    assert len(bench.element.destinations) == 2


@pytest.mark.parametrize("change", ["a new version", "a new order"])
async def test_an_element_that_was_started_anew_is_told_everything_at_the_next_change(
    bench: Bench, change: str
) -> None:
    bench.issue(order())
    admf = bench.start()
    await bench.until(lambda: admf.active_tasks == 1)
    bench.element.tasks.clear()
    bench.element.destinations.clear()
    if change == "a new version":
        bench.issue(order(version=2, targets=["e164:12125550103"]))
        wanted = {XID}
    else:
        bench.issue(order(2))
        wanted = {XID, xid_of("O-2")}
    await bench.until(lambda: set(bench.element.tasks) == wanted and admf.active_tasks == len(wanted))
    assert len(bench.element.destinations) == 2


async def test_a_task_that_is_there_and_cannot_be_changed_does_not_count_as_active(bench: Bench) -> None:
    bench.element.tasks[XID] = x1.TaskDetails(XID, (("e164Number", "12125550199"),), "X2Only", ())
    bench.element.refuse = {"ModifyTask": x1.GENERIC_ERROR}
    bench.issue(order())
    admf = bench.start()
    await bench.until(lambda: bench.element.requests >= 4)
    assert bench.element.tasks[XID].targets == (("e164Number", "12125550199"),)
    bench.element.refuse = {}
    await bench.until(lambda: bench.element.tasks[XID].targets == (("e164Number", "12125550101"),))
    await bench.until(lambda: admf.active_tasks == 1)


async def test_a_refused_task_is_asked_for_again_and_does_not_count_as_active(bench: Bench) -> None:
    bench.element.refuse = {"ActivateTask": x1.GENERIC_ERROR}
    bench.issue(order())
    admf = bench.start()
    await bench.until(lambda: bench.element.requests >= 3)
    assert admf.active_tasks == 0
    bench.element.refuse = {}
    await bench.until(lambda: admf.active_tasks == 1)


# --- documents ----------------------------------------------------------------------------------------------------


def test_a_document_is_read_once_and_counted_once_when_refused(tmp_path: Path) -> None:
    bench = Bench.within(tmp_path)
    (bench.inbox / "broken.json").write_bytes(b"{")
    bench.issue(order())
    admf = bench.admf()
    for _ in range(3):
        admf.read_inbox()
    assert admf.refused == 1 and list(admf.orders) == [XID]


def test_order_forged_with_another_key_becomes_no_task(tmp_path: Path) -> None:
    """R-058."""
    bench = Bench.within(tmp_path)
    bench.issue(order(), Ed25519PrivateKey.from_private_bytes(bytes(32)))
    admf = bench.admf()
    admf.read_inbox()
    assert admf.refused == 1 and not admf.orders and not admf._wanted(START)


@pytest.mark.rule("R-058", "R-058.1")
def test_attack_an_end_that_comes_before_its_order_becomes_no_task(tmp_path: Path) -> None:
    """Ends come without papers; with nothing before them they enable nothing, under a standing act neither."""
    bench = Bench.within(tmp_path)
    first = replace(order(), version=2, revoked_at_us=END - 1)
    (bench.inbox / "v2.json").write_bytes(make_document(first, COURT, DocumentAction.REVOKE, START))
    admf = bench.admf()
    admf.read_inbox()
    assert admf.refused == 1 and not admf._wanted(START)
    bench.issue(order())
    admf.read_inbox()
    assert not admf._wanted(START)


def test_order_altered_after_signing_becomes_no_task(tmp_path: Path) -> None:
    bench = Bench.within(tmp_path)
    path = bench.issue(order())
    octets = path.read_bytes()
    path.write_bytes(octets[:2000] + bytes([octets[2000] ^ 1]) + octets[2001:])
    admf = bench.admf()
    admf.read_inbox()
    assert admf.refused == 1 and not admf.orders


def test_oversized_document_is_refused(tmp_path: Path) -> None:
    bench = Bench.within(tmp_path)
    path = bench.issue(order())
    path.write_bytes(path.read_bytes() + b" " * (1 << 20))
    admf = bench.admf()
    admf.read_inbox()
    assert admf.refused == 1 and not admf.orders


def test_half_written_file_under_a_temporary_name_is_not_looked_at(tmp_path: Path) -> None:
    bench = Bench.within(tmp_path)
    bench.issue(order(), name=".O-1.json.tmp")
    admf = bench.admf()
    admf.read_inbox()
    assert not admf.orders and admf.refused == 0


def test_a_directory_or_a_dangling_link_in_the_inbox_stops_nothing(tmp_path: Path) -> None:
    bench = Bench.within(tmp_path)
    (bench.inbox / "a.json").mkdir()
    (bench.inbox / "b.json").symlink_to(tmp_path / "nowhere")
    bench.issue(order())
    admf = bench.admf()
    admf.read_inbox()
    assert admf.refused == 2 and list(admf.orders) == [XID]


async def test_an_element_that_lost_its_tasks_is_told_again_though_no_order_changed(bench: Bench) -> None:
    bench.issue(order())
    admf = bench.start()
    await bench.until(lambda: admf.active_tasks == 1)
    bench.element.tasks.clear()
    bench.element.destinations.clear()
    await bench.until(lambda: set(bench.element.tasks) == {XID} and len(bench.element.destinations) == 2)
    await bench.until(lambda: admf.active_tasks == 1)


async def test_a_task_whose_order_ended_while_we_were_away_is_taken_away_and_a_stranger_s_is_not(bench: Bench) -> None:
    stranger = uuid.uuid4()
    for xid in (XID, stranger):
        bench.element.tasks[xid] = x1.TaskDetails(xid, (("e164Number", "12125550101"),), "X2Only", ())
    bench.issue(order())
    bench.clock.advance(400 * 86_400_000_000)
    admf = bench.start()
    await bench.until(lambda: set(bench.element.tasks) == {stranger})
    assert admf.active_tasks == 0


async def test_an_element_that_does_not_list_its_tasks_is_still_tasked(bench: Bench) -> None:
    bench.element.refuse = {"ListAllDetails": x1.UNSUPPORTED_REQUEST}
    bench.issue(order())
    admf = bench.start()
    await bench.until(lambda: admf.active_tasks == 1)
    assert set(bench.element.tasks) == {XID}


# --- papers, acts and certifications ------------------------------------------------------------------------------


def incomplete(one: CourtOrder) -> Papers:
    return replace(lab_papers(one), complaint_number="")


@pytest.mark.rule("R-058", "R-058.1")
async def test_attack_an_order_without_complete_papers_makes_no_call_to_the_element(bench: Bench) -> None:
    """SC-19: a life at risk and one item missing. Not one X1 request is sent before the papers are complete."""
    urgent = order(kind="EXIGENT_PRTT")
    bench.issue(urgent, papers=incomplete(urgent))
    admf = bench.start()
    await bench.rounds()
    assert bench.element.requests == 0 and admf.refused == 1 and not admf.orders
    assert [one.code for one in admf.activations[XID].lacks] == ["DOC_MISSING:complaint_number"]
    assert bench.certifications() == []
    bench.issue(urgent, name="again.json")
    await bench.until(lambda: admf.active_tasks == 1)
    assert set(bench.element.tasks) == {XID}


async def test_an_emergency_without_an_order_is_withdrawn_at_its_deadline_by_itself(bench: Bench) -> None:
    bench.issue(order(kind="EXIGENT_PRTT"))
    bench.start()
    await bench.until(lambda: XID in bench.element.tasks)
    bench.clock.advance(48 * 3_600 * SECOND - 1)
    await bench.rounds()
    assert XID in bench.element.tasks
    bench.clock.advance(1)
    await bench.until(lambda: not bench.element.tasks)


@pytest.mark.rule("R-059", "R-059.1")
async def test_attack_a_manual_carrier_enables_nothing_until_an_employee_acts(bench: Bench) -> None:
    bench.policy = ActivationModel(mode="manual", employee="")
    bench.issue(order())
    admf = bench.start()
    await bench.until(lambda: len(bench.element.destinations) == 2)
    await bench.rounds()
    assert not bench.element.tasks and bench.certifications() == []
    with pytest.raises(RefusedError, match="R-059"):
        admf.activate("O-1", " ")
    with pytest.raises(RefusedError, match="R-058"):
        admf.activate("O-9", "sato")
    await bench.rounds()
    assert not bench.element.tasks
    admf.activate("O-1", "sato")
    await bench.until(lambda: admf.active_tasks == 1)
    (made,) = bench.certifications()
    assert made["responsible"] == made["signed_by"] == "sato"


async def test_an_act_outlives_the_process_and_is_not_asked_for_again(bench: Bench) -> None:
    bench.policy = ActivationModel(mode="manual", employee="")
    bench.issue(order())
    first = bench.admf()
    first.read_inbox()
    first.activate("O-1", "sato")
    admf = bench.start()
    await bench.until(lambda: admf.active_tasks == 1)
    assert admf.activations[XID].employee == "sato"
    with pytest.raises(RefusedError, match="takes no"):
        admf.activate("O-1", "sato")


async def test_a_longer_order_waits_for_its_own_act_while_the_first_goes_on(bench: Bench) -> None:
    bench.policy = ActivationModel(mode="manual", employee="")
    bench.issue(order(kind="PRTT", end=START + 5 * 86_400 * SECOND))
    admf = bench.admf()
    admf.read_inbox()
    admf.activate("O-1", "sato")
    later = replace(
        admf.orders[XID], version=2, window=Window(START, END), extensions_us=(START + 5 * 86_400 * SECOND,)
    )
    bench.issue(later, action=DocumentAction.EXTEND)
    admf.read_inbox()
    assert XID in admf._wanted(START) and XID not in admf._wanted(END - 1)
    admf.activate("O-1", "sato")
    assert XID in admf._wanted(END - 1)


@pytest.mark.rule("R-060")
async def test_each_interception_is_certified_once_when_it_begins_with_all_six_elements(bench: Bench) -> None:
    bench.clock = ManualClock(START - SECOND)
    bench.issue(order())
    admf = bench.start()
    await bench.until(lambda: len(bench.element.destinations) == 2)
    assert bench.certifications() == []
    bench.clock.advance(SECOND)
    await bench.until(lambda: admf.active_tasks == 1)
    (line,) = bench.certifications()
    fields = {name: value for name, value in line.items() if name not in ("act", "xid", "lacks")}
    made = certification_from_fields(fields)
    assert line["lacks"] == [] and missing_of(made) == ()
    assert (made.circuit, made.started_at_us, made.presented_by) == ("12125550101", START, "rivera")
    assert (made.authorised_by, made.interception_type, made.responsible) == (
        "adair", "EAVESDROPPING", bench.policy.employee,
    )  # fmt: skip
    bench.element.tasks.clear()
    bench.element.destinations.clear()
    await bench.until(lambda: XID in bench.element.tasks)
    bench.tasks.pop().cancel()
    again = bench.start()
    await bench.until(lambda: again.active_tasks == 1)
    assert len(bench.certifications()) == 1 and again.certified == 1


@pytest.mark.rule("R-061", "R-061.1")
@pytest.mark.parametrize("fault", [{"rogue_task": ["2125550177"]}, {"wrong_number": {"LAB-1": "212-555-0177"}}])
async def test_attack_a_tap_that_nothing_authorises_is_certified_all_the_same(
    bench: Bench, fault: dict[str, Any]
) -> None:
    bench.faults.change(fault)
    if "wrong_number" in fault:
        bench.issue(order())
    admf = bench.start()
    await bench.until(lambda: admf.active_tasks == 1)
    xid = rogue_xid("12125550177") if "rogue_task" in fault else XID
    assert bench.element.tasks[xid].targets == (("e164Number", "12125550177"),)
    (line,) = bench.certifications()
    assert line["order_id"] == "" and line["circuit"] == "12125550177" and line["interception_type"] == "UNAUTHORISED"
    assert line["lacks"] == [], "the six elements are there, and say that nobody authorised it"
    bench.faults.change({name: type(value)() for name, value in fault.items()})
    await bench.until(lambda: rogue_xid("12125550177") not in bench.element.tasks)
    if "wrong_number" in fault:
        await bench.until(lambda: bench.element.tasks[XID].targets == (("e164Number", "12125550101"),))
        await bench.until(lambda: len(bench.certifications()) == 2)


async def test_faults_keep_a_revoked_order_and_ask_for_content_under_a_pen_register(bench: Bench) -> None:
    bench.faults.change({"keep_in_force": ["LAB-1"], "content_tasks": ["LAB-1"]})
    bench.issue(order(kind="PRTT"))
    bench.start()
    await bench.until(lambda: XID in bench.element.tasks)
    assert bench.element.tasks[XID].delivery_type == "X2andX3"
    bench.issue(revoked(order(kind="PRTT"), START + SECOND), action=DocumentAction.REVOKE)
    bench.clock.advance(400 * 86_400 * SECOND)
    await bench.rounds()
    assert XID in bench.element.tasks
    bench.faults.change({"keep_in_force": []})
    await bench.until(lambda: not bench.element.tasks)


def longer(one: CourtOrder) -> CourtOrder:
    return replace(
        one, version=one.version + 1, window=Window(START, END + 86_400 * SECOND), extensions_us=(one.window.end_us,)
    )


@pytest.mark.rule("R-011", "R-014")
def test_attack_an_extension_that_is_none_is_refused_by_the_carrier_too(bench: Bench) -> None:
    """A later version that only moves the end is no extension, and an extension changes the end and nothing else."""
    first = order()
    at = END - SECOND
    admf = bench.admf()

    def refused(one: CourtOrder, action: DocumentAction) -> bool:
        before = admf.refused
        octets = make_document(one, COURT, action, at, lab_papers(one))
        (bench.inbox / f"{action}-{before}-{one.version}.json").write_bytes(octets)
        admf.read_inbox()
        return admf.refused > before

    assert not refused(first, DocumentAction.ISSUE)
    moved = replace(first, version=2, window=Window(START, END + 86_400 * SECOND))
    wider = replace(longer(first), targets=(Target(TargetKind.E164, "12125550199"),))
    overlap = replace(longer(first), extensions_us=(END - 1,))
    assert refused(moved, DocumentAction.ISSUE)
    assert refused(wider, DocumentAction.EXTEND) and refused(overlap, DocumentAction.EXTEND)
    assert admf.orders[xid_of("O-1")] == first
    assert not refused(longer(first), DocumentAction.EXTEND)
    assert admf.orders[xid_of("O-1")].window.end_us == END + 86_400 * SECOND


def test_a_version_whose_predecessor_went_to_the_agency_alone_is_taken(bench: Bench) -> None:
    admf = bench.admf()
    bench.issue(order())
    admf.read_inbox()
    bench.issue(replace(revoked(order(), END - SECOND), version=3), action=DocumentAction.REVOKE)
    admf.read_inbox()
    assert admf.refused == 0 and admf.orders[xid_of("O-1")].version == 3


@pytest.mark.rule("R-012", "R-015")
def test_attack_a_late_extension_reopens_nothing_by_leaving_a_version_out(bench: Bench) -> None:
    admf = bench.admf()
    bench.issue(order())
    admf.read_inbox()
    late = replace(longer(order()), version=3, extensions_us=(END + 2 * SECOND,))
    octets = make_document(late, COURT, DocumentAction.EXTEND, END + SECOND, lab_papers(late))
    (bench.inbox / "late.json").write_bytes(octets)
    admf.read_inbox()
    assert admf.orders[xid_of("O-1")].version == 1


def test_a_version_that_came_too_early_is_taken_when_the_one_before_it_comes(bench: Bench) -> None:
    admf = bench.admf()
    second = longer(order())
    end = second.window.end_us
    third = extended(second, end + 86_400 * SECOND, END + SECOND)
    for one, at in ((third, END + SECOND), (second, END - SECOND)):
        octets = make_document(one, COURT, DocumentAction.EXTEND, at, lab_papers(one))
        (bench.inbox / f"{one.version}.json").write_bytes(octets)
        admf.read_inbox()
        assert not admf.orders
    bench.issue(order())
    admf.read_inbox()
    assert admf.orders[xid_of("O-1")] == third and admf.refused == 0


@pytest.mark.rule("R-078", "R-078.1")
async def test_attack_an_element_that_sends_the_carrier_to_another_address(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    """Any other address would do: it is not gone to, and that is an alarm."""
    elsewhere = Element()
    runner, port = await start_http(Listen(), [web.post("/X1/NE", elsewhere.post)])

    async def away(_: web.Request) -> web.Response:
        raise web.HTTPTemporaryRedirect(f"http://127.0.0.1:{port}/X1/NE")

    liar, at = await start_http(Listen(), [web.post("/X1/NE", away)])
    try:
        bench.url = f"http://127.0.0.1:{at}/X1/NE"
        bench.issue(order())
        admf = bench.start()
        said = ""
        async with asyncio.timeout(10):
            while "alarm" not in said:
                await asyncio.sleep(0)
                read = capsys.readouterr()
                said += read.out + read.err
        assert "R-078" in said and elsewhere.requests == 0 and admf.active_tasks == 0
    finally:
        await liar.cleanup()
        await runner.cleanup()
