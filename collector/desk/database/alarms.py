"""Acknowledgements of alarms: somebody has seen it. The alarm itself stays where it was raised, and goes on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from sqlalchemy import select

from collector.desk.database.bounds import NAME_CHARACTERS, identifier, number, text
from collector.desk.database.tables import ACKNOWLEDGEMENTS, ALARM_ACKNOWLEDGEMENT
from collector.desk.database.writing import Reading, Writing

_IDS_A_QUERY: Final = 500


class Acknowledgement(NamedTuple):
    """`alarm_id`: the name under which whoever raises alarms keeps them, such as ledger and entry."""

    alarm_id: str
    note: str
    by: str
    at_us: int


def acknowledge(writing: Writing, alarm_id: str, by: str, at_us: int, note: str = "") -> bool:
    """False when somebody did before: the first one stands. Raises BoundError."""
    row = Acknowledgement(
        identifier(alarm_id, "The alarm"),
        text(note, "The note", NAME_CHARACTERS, empty=True),
        identifier(by, "Who acknowledges"),
        number(at_us, "The time"),
    )
    return writing.add(ACKNOWLEDGEMENTS, row._asdict(), by)


def of(reading: Reading, alarm_ids: Iterable[str]) -> Mapping[str, Acknowledgement]:
    """Those of the given alarms that were acknowledged."""
    ids = list(alarm_ids)
    table = ALARM_ACKNOWLEDGEMENT
    columns = [table.c[name] for name in Acknowledgement._fields]
    found: dict[str, Acknowledgement] = {}
    for start in range(0, len(ids), _IDS_A_QUERY):
        query = select(*columns).where(table.c.alarm_id.in_(ids[start : start + _IDS_A_QUERY]))
        found |= {row["alarm_id"]: Acknowledgement(**row) for row in reading.connection.execute(query).mappings()}
    return found
