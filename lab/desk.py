"""The lab's desk: where it lies, the orders it reads, the cast of the scenarios, and how an answer is shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from collector.desk.desk import Desk, Outcome
from collector.desk.ledger import read_desk, verify_desk
from collector.registry import Registry
from collector.store.audit_log import AuditReport
from lab.court import Court
from lab.fleet.of_run import collectors_of
from lab.output import console, print_json
from lab.paths import RunPaths
from lab.pins import pin_directory
from mediation.law.access_facts import DeviceClass
from mediation.law.desk_state import DeskState
from mediation.law.orders import CourtOrder
from mediation.law.rules import RULES
from mediation.runtime.config import ConfigError

FACILITIES: Final = ("F1", "F2", "F3", "F4")
AGENCY: Final = "LAB-LEA"
OTHER_AGENCY: Final = "OTHER-LEA"
TRAINED_DAYS: Final = 365
_DAY_US: Final = 86_400_000_000

CAST: Final = (
    ("rivera", "INV", AGENCY, "Detective Bureau"),
    ("okafor", "SUP", AGENCY, "Detective Bureau"),
    ("chen", "TARU", AGENCY, "TARU"),
    ("brandt", "TARU", AGENCY, "TARU"),
    ("lund", "TADM", AGENCY, "TARU"),
    ("weiss", "PROS", AGENCY, "District Attorney"),
    ("adair", "JUDGE", "", "Supreme Court"),
    ("ito", "VEND", "", "Vendor"),
    ("marsh", "OAG", OTHER_AGENCY, "Task force"),
    ("doyle", "ICO", AGENCY, "Integrity Control"),
    ("quinn", "IAB", AGENCY, "Internal Affairs"),
    ("reyes", "ITB", AGENCY, "Information Technology"),
    ("park", "FILT", AGENCY, "Filter team"),
)  # fmt: skip
"""Fictional people: id, role, agency, unit."""


def desk_directory(data: Path) -> Path:
    return data / "desk"


def desk_pins(data: Path) -> Path:
    """Where the newest checkpoint of the desk's ledger is kept, outside the data directory."""
    return pin_directory(desk_directory(data))


def desk_exists(data: Path) -> bool:
    return (desk_directory(data) / "keys" / "signing.key").exists()


def entries_of(data: Path) -> tuple[DeskState, list[dict[str, Any]]]:
    """State and entries of the desk, verified. Raises NotReadyError, IntegrityError."""
    return read_desk(desk_directory(data), desk_pins(data))


def verified(data: Path) -> AuditReport:
    """The desk's whole ledger checked. Raises NotReadyError where there is none."""
    return verify_desk(desk_directory(data), pins=desk_pins(data))


def registry_of(data: Path) -> Registry:
    """The collector's own orders, of a fleet's first, read and left as they are."""
    paths = RunPaths(data)
    registry = Registry(paths.inbox(collectors_of(data)[0]), Court(paths).public_key(), reads_only=True)
    registry.reload()
    return registry


def orders_of(data: Path) -> tuple[CourtOrder, ...]:
    """The newest version of each order; none where there is no court yet."""
    return registry_of(data).current() if Court(RunPaths(data)).public_key_path.exists() else ()


def open_desk(data: Path) -> Desk:
    """Raises NotReadyError where no desk was made."""
    if not desk_exists(data):
        raise ConfigError(f"There is no desk in {desk_directory(data)}: `calea-lab desk init --data {data}` makes one.")
    orders = orders_of(data)
    return Desk.open(desk_directory(data), lambda: orders, pins=desk_pins(data))


def make_desk(data: Path, now_us: int, people: Sequence[tuple[str, str, str, str]] = CAST) -> int:
    """A desk with four facilities and its people; how many entries. Raises ConfigError where there is one already."""
    if desk_exists(data):
        raise ConfigError(f"There is a desk in {desk_directory(data)} already; its ledger is never begun again.")
    with Desk.open(desk_directory(data), pins=desk_pins(data)) as desk:
        stations = {f"ST-{name}": name for name in FACILITIES}
        systems = {"facilities": list(FACILITIES), "stations": stations, "case_systems": ["CMS-1"], "by": "SYS"}
        desk.record("configuration_change", systems, now_us)
        enter_people(desk, people, now_us)
        return desk.entries


def enter_people(desk: Desk, people: Iterable[tuple[str, str, str, str]], now_us: int) -> None:
    """Fictional people (id, role, agency, unit), trained for a year, by the lab itself. Raises DeskError for an id that
    somebody has."""
    for name, role, agency, unit in people:
        person = {
            "user_id": name,
            "person": f"LAB-{name}",
            "role": role,
            "agency": agency,
            "unit": unit,
            "trained_until_us": now_us + TRAINED_DAYS * _DAY_US,
            "background_check": role == "VEND",
            "access_control": role == "TARU",
            "by": "SYS",
        }
        desk.record("user", person, now_us)


def device(text: str) -> DeviceClass:
    try:
        return DeviceClass(text.upper())
    except ValueError:
        raise ConfigError(f"{text!r} is no device class: {', '.join(DeviceClass)}.") from None


def outcome_fields(outcome: Outcome) -> dict[str, Any]:
    answer = outcome.answer
    return {
        "allowed": answer.allowed,
        "event_id": outcome.event_id,
        "made": outcome.made,
        "reasons": [reason.name for reason in answer.reasons],
        "rules": [{"rule": number, "statement": RULES[number].statement} for number in answer.rules],
    }


def show_outcome(outcome: Outcome, as_json: bool) -> int:
    """Prints the answer; the exit code."""
    fields = outcome_fields(outcome)
    if as_json:
        print_json(fields)
    else:
        out = console()
        said = "allowed" if outcome.answer.allowed else "denied"
        out.print(f"{said} ({outcome.event_id}) {outcome.made}".rstrip(), markup=False)
        for reason, rule in zip(fields["reasons"], fields["rules"], strict=True):
            out.print(f"  {reason}: {rule['rule']} {rule['statement']}", markup=False)
    return 0 if outcome.answer.allowed else 1
