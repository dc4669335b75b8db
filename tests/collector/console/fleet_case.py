"""A case whose records lie in the stores of two collectors, and a library over both.

The first collector has the beginning of call 1 and a call that is its own; the second has the rest of call 1, a message
and a session, and more of another case than the first. Neither is of a fleet while it stores: what a fleet does about
who may store what is tested where it is done.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collector.console.model.library import CaseLibrary
from collector.console.model.scope import Scope, scope_of
from collector.console.model.shelf import Shelf
from collector.console.model.shelves import Known, Shelves
from collector.registry import Registry
from collector.standing import Entry
from collector.store.private_files import read_public_key
from tests.collector.conftest import Client, Lab, Records, now_us
from tests.collector.console.conftest import CASE, Case, rtp

NAMES = ("collector-1", "collector-2")


def split(records: Records) -> tuple[list[bytes], list[bytes]]:
    """What each of the two is sent."""

    def speech(first: int, end: int) -> Iterable[bytes]:
        for number in range(first, end):
            way = "fromTarget" if number % 2 else "toTarget"
            yield records.rtp("LAB-0001", 1, rtp(number), direction=way)

    first = [
        records.sip("LAB-0001", 1), *speech(0, 10), records.sip("LAB-0002", 5, body=b"WITHHELD"),
        *records.call("LAB-0001", 4, packets=4), records.sip("LAB-0003", 7),
    ]  # fmt: skip
    second = [
        records.sip("LAB-0003", 8), records.sip("LAB-0003", 9),
        records.sip("LAB-0001", 1, "continue", method="INVITE", to_tag="b"), *speech(10, 20),
        records.sip("LAB-0001", 1, "end", method="BYE", to_tag="b"), records.sms("LAB-0001", 2, "hello <b>you</b>"),
    ]  # fmt: skip
    return first, second


async def collected(lab: Lab, **orders: Any) -> Registry:
    """Both collectors have stored what they were sent, and have ended."""
    lab.court.issue("O-1", "LAB-0001", case_id=CASE, **orders)
    lab.court.issue("O-2", "LAB-0002", kind="PRTT", services=[], case_id=CASE, **orders)
    lab.court.issue("O-3", "LAB-0003", case_id="C-2", **orders)
    # One microsecond apart, however slow the machine is: sound is placed by when its packets came.
    records = Records(itertools.count(now_us()).__next__)
    for name, sent in zip(NAMES, split(records), strict=True):
        running = await lab.start(data_dir=str(lab.root / name))
        client = await Client.connect(running.ports["hi2"])
        await client.send(*sent)
        await client.barrier(records)
        await client.close()
        await running.end()
    registry = Registry(lab.court.inbox, read_public_key(lab.root / "court.pub"), reads_only=True)
    registry.reload()
    return registry


@dataclass
class FleetCase:
    """`known` is what the catalogue says; `now_s` moves by hand."""

    root: Path
    registry: Registry
    known: dict[str, Known]
    library: CaseLibrary
    now_s: list[float]

    def scope(self, case_id: str = CASE, content: bool = True) -> Scope:
        return scope_of(case_id, self.registry.current(), content)

    def later(self) -> None:
        """The stores are looked at again, the catalogue too."""
        self.now_s[0] += 10.0

    def case(self, name: str) -> Case:
        """The store of one collector, to be written to in its place."""
        return _Of(self.root, self.library, self.registry, name=name)

    def decide(self, name: str, *entries: Entry) -> None:
        self.case(name).decide(*entries)


@dataclass
class _Of(Case):
    name: str = ""

    @property
    def data(self) -> Path:
        return self.root / self.name


def over(root: Path, registry: Registry, known: Mapping[str, Known] | None = None) -> FleetCase:
    now_s, said = [0.0], dict(known or {})

    def opener(name: str, number: int) -> Any:
        return lambda: Shelf.of(root / name, None, None, name, number)

    places = {name: opener(name, number) for number, name in enumerate(NAMES, 1)}
    return FleetCase(root, registry, said, CaseLibrary(Shelves(places, lambda: said, lambda: now_s[0])), now_s)
