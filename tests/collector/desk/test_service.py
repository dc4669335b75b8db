"""The desk process: what time does, within one poll, once each, while commands go on writing."""

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from collector.desk.config import DeskConfig
from collector.desk.desk import Desk
from collector.desk.ledger import read_desk, verify_desk
from collector.desk.service import DeskKeeper
from lab.papers import lab_papers
from mediation.law.access_facts import DeviceClass
from mediation.law.actors import Action
from mediation.law.documents import DocumentAction, make_document, revoked
from mediation.law.orders import CaseId, CourtOrder, Liid, OrderId, OrderKind, Service, Target, TargetKind, Window
from mediation.runtime.clock import ManualClock
from mediation.runtime.config import NotReadyError
from mediation.runtime.process import IntegrityError

HOUR = 3_600_000_000
TOUR = 8 * HOUR
START = 100 * TOUR
END = START + 20 * HOUR
ORDER = CourtOrder(
    order_id=OrderId("O-1"),
    version=1,
    kind=OrderKind.EAVESDROPPING,
    case_id=CaseId("C-1"),
    liid=Liid("LAB-1"),
    agency="LAB-LEA",
    window=Window(START, END),
    targets=(Target(TargetKind.E164, "12125550100"),),
    services=frozenset({Service.VOICE}),
    issued_at_us=START,
)
CAST = {"rivera": "INV", "okafor": "SUP", "chen": "TARU", "brandt": "TARU"}


class Place:
    """A desk, the orders it goes by, and a clock in the test's hand."""

    def __init__(self, directory: Path) -> None:
        self.desk = directory / "desk"
        self.pins = directory / "pins"
        self.inbox = directory / "hi1-inbox"
        self.inbox.mkdir()
        self.key = Ed25519PrivateKey.generate()
        form = serialization.Encoding.PEM
        public = self.key.public_key().public_bytes(form, serialization.PublicFormat.SubjectPublicKeyInfo)
        (directory / "court.pub").write_bytes(public)
        self.config = DeskConfig(
            data_dir=self.desk,
            court_public_key=directory / "court.pub",
            hi1_inbox=self.inbox,
            pin_directory=self.pins,
            poll_s=0.01,
        )
        self.clock = ManualClock(START)

    def set_up(self) -> None:
        with self.writing() as desk:
            desk.record("configuration_change", {"facilities": ["F1", "F2", "F3", "F4"]}, START)
            for name, role in CAST.items():
                person = {"user_id": name, "person": f"P-{name}", "role": role, "agency": "LAB-LEA"}
                desk.record("user", {**person, "trained_until_us": 2 * END}, START)

    def writing(self) -> Desk:
        return Desk.open(self.desk, lambda: (ORDER,), pins=self.pins)

    def sign(self, order: CourtOrder, action: DocumentAction, at_us: int) -> None:
        octets = make_document(order, self.key, action, at_us, lab_papers(order))
        (self.inbox / f"{order.order_id}.v{order.version}.json").write_bytes(octets)

    def let_in(self) -> None:
        with self.writing() as desk:
            desk.enter("rivera", "F2", DeviceClass.CALEA_STATION, START)
            desk.open_request("rivera", "C-1", "O-1", START, "weiss", (), "okafor", "weiss")
            desk.check_request("brandt", "Q-1", [], START)
            desk.decide_request("brandt", "Q-1", True, START)
            assert desk.grant("chen", "rivera", "C-1", START).made == "G-1"
            assert desk.begin_session("rivera", Action.READ_CONTENT, "C-1", START).made == "S-1"

    def inspect(self, at_us: int, *facilities: str) -> None:
        with self.writing() as desk:
            for one in facilities:
                desk.inspect("okafor", one, at_us)

    def entries(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in read_desk(self.desk, self.pins)[1] if one["kind"] == kind]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    found = Place(tmp_path)
    found.set_up()
    found.sign(ORDER, DocumentAction.ISSUE, START)
    return found


def all_inspected(place: Place, until_us: int) -> None:
    for at_us in range(START, until_us, TOUR):
        place.inspect(at_us, "F1", "F2", "F3", "F4")


@pytest.mark.rule("R-074", "R-074.1", "R-074.2")
def test_session_left_open_past_the_end_is_cut_by_the_next_poll(place: Place) -> None:
    place.let_in()
    keeper = DeskKeeper(place.config, place.clock)
    place.clock.advance(END - 1 - START)
    with place.writing() as desk:
        desk.enter("rivera", "F2", DeviceClass.CALEA_STATION, END - 1)
    keeper.poll()
    assert not place.entries("session_ended") and keeper.status()["sessions"] == 1
    place.clock.advance(1)
    keeper.poll()
    (ended,), (cut,) = place.entries("grant_ended"), place.entries("session_ended")
    assert (ended["fields"]["by"], ended["fields"]["at_us"], ended["fields"]["rule_ids"]) == ("SYS", END, ["R-074"])
    assert cut["utc_us"] == END and cut["fields"]["session_id"] == "S-1"
    status = keeper.status()
    assert (status["grants"], status["sessions"], status["grants_ended"], status["sessions_cut"]) == (0, 0, 1, 1)
    size = (place.desk / "audit" / "audit.jsonl").stat().st_size
    keeper.poll()
    assert (place.desk / "audit" / "audit.jsonl").stat().st_size == size


def test_a_revocation_that_comes_in_ends_the_grant(place: Place) -> None:
    place.let_in()
    keeper = DeskKeeper(place.config, place.clock)
    keeper.poll()
    place.clock.advance(HOUR)
    place.sign(revoked(ORDER, START + HOUR), DocumentAction.REVOKE, START + HOUR)
    keeper.poll()
    (ended,) = place.entries("grant_ended")
    assert (ended["fields"]["reason_codes"], ended["fields"]["at_us"]) == (["ORDER_REVOKED"], START + HOUR)
    assert len(place.entries("session_ended")) == 1


@pytest.mark.rule("R-084", "R-084.1")
def test_each_tour_without_inspection_is_one_alarm_however_far_the_clock_jumps(place: Place) -> None:
    place.inspect(START, "F1", "F2", "F3", "F4")
    keeper = DeskKeeper(place.config, place.clock)
    keeper.poll()
    place.clock.advance(3 * TOUR)
    keeper.poll()
    keeper.poll()
    again = DeskKeeper(place.config, place.clock)
    again.poll()
    alarms = [one["fields"] for one in place.entries("alarm")]
    assert [one["tour_start_us"] for one in alarms] == [START + TOUR, START + 2 * TOUR]
    assert alarms[0] == {"rule": "R-084", "facilities": ["F1", "F2", "F3", "F4"], "tour_start_us": START + TOUR}
    assert keeper.status()["alarms"] == 2 and again.status()["alarms"] == 0


def test_the_lock_is_free_between_polls_and_what_others_write_is_seen(place: Place) -> None:
    keeper = DeskKeeper(place.config, place.clock)
    keeper.poll()
    place.let_in()
    all_inspected(place, END)
    keeper.poll()
    assert keeper.status()["grants"] == 1
    place.clock.advance(END - START)
    keeper.poll()
    with place.writing() as desk:
        desk.record("exit", {"user_id": "rivera"}, END)
    assert verify_desk(place.desk, pins=place.pins).ok


async def test_the_process_answers_on_its_control_port_and_ends_when_told(place: Place) -> None:
    place.let_in()
    place.clock.advance(END - START)
    ports: dict[str, int] = {}
    stop, listening = asyncio.Event(), asyncio.Event()

    def ready(found: Any) -> None:
        ports.update(found)
        listening.set()

    task = asyncio.create_task(DeskKeeper(place.config, place.clock).run(ready, stop))
    await listening.wait()
    async with aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"http://127.0.0.1:{ports['control']}/status") as response:
                status = await response.json()
            if status["polls"]:
                break
            await asyncio.sleep(0)
    stop.set()
    await task
    assert status["simulation"] is True and (status["grants_ended"], status["sessions_cut"]) == (1, 1)


def test_where_there_is_no_desk_the_process_says_so(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with pytest.raises(NotReadyError, match="no desk"):
        DeskKeeper(place.config, place.clock)


def tampered(place: Place) -> None:
    path = place.desk / "audit" / "audit.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"okafor"', b'"rivera"'))


def rolled_back(place: Place) -> None:
    shutil.copytree(place.desk, place.desk.with_name("old"))
    place.let_in()
    shutil.rmtree(place.desk)
    shutil.move(place.desk.with_name("old"), place.desk)


@pytest.mark.parametrize("attack", [tampered, rolled_back])
def test_a_ledger_changed_under_the_running_desk_stops_it(place: Place, attack: Callable[[Place], None]) -> None:
    keeper = DeskKeeper(place.config, place.clock)
    keeper.poll()
    attack(place)
    with pytest.raises(IntegrityError):
        keeper.poll()


@pytest.mark.rule("R-092")
def test_an_older_whole_copy_of_the_desk_is_refused_at_the_opening(place: Place) -> None:
    """Chain, signatures and checkpoints of the copy are all sound; only the pin elsewhere knows of more."""
    rolled_back(place)
    assert verify_desk(place.desk).ok
    with pytest.raises(IntegrityError, match="rolled back or restored"):
        place.writing()
    with pytest.raises(IntegrityError, match="rolled"):
        read_desk(place.desk, place.pins)
    assert not verify_desk(place.desk, pins=place.pins).ok


def test_another_history_of_the_same_length_is_refused_by_the_pin(place: Place) -> None:
    old = place.desk.with_name("old")
    shutil.copytree(place.desk, old)
    place.inspect(START, "F1")
    shutil.rmtree(place.desk)
    shutil.move(old, place.desk)
    with Desk.open(place.desk, lambda: (ORDER,)) as desk:
        desk.inspect("okafor", "F2", START)
    assert verify_desk(place.desk).ok
    with pytest.raises(IntegrityError, match="replaced"):
        place.writing()


def test_a_pin_that_cannot_be_read_is_no_pin_to_go_by(place: Place) -> None:
    (pin,) = place.pins.iterdir()
    pin.write_text("calea-lab/desk\nmany\n")
    with pytest.raises(Exception, match="cannot be read"):
        place.writing()
    pin.write_text(json.dumps({}))
    with pytest.raises(Exception, match="cannot be read"):
        place.writing()
