"""Categories: the agency's own list over the defaults, and which of them a communication was given, by whom and when.

A category that was defined under a default's name takes its place; a retired one is no longer given, and stays where it
was given. Each assignment and each withdrawal is a revision of its own. They say what people think of a communication:
what is withheld is `standing`'s alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import select

from collector.desk.database.bounds import NAME_CHARACTERS, BoundError, communication, identifier, number, text
from collector.desk.database.tables import ASSIGNMENTS, CATEGORIES, CATEGORY_ASSIGNMENT
from collector.desk.database.writing import Reading, Writing, newest_row, newest_rows, revisions

_POSITIONS: Final = 10_000


class Category(NamedTuple):
    """`position` orders the list; revision 0 is a default."""

    category: str
    revision: int
    label: str
    position: int
    retired: bool
    by: str
    at_us: int


class Assignment(NamedTuple):
    """`assigned` false: it was withdrawn then."""

    liid: str
    cin: int
    category: str
    revision: int
    assigned: bool
    by: str
    at_us: int


DEFAULTS: Final = tuple(
    Category(name, 0, label, position, False, "SYS", 0)
    for position, (name, label) in enumerate(
        (
            ("pertinent", "Pertinent"),
            ("non-pertinent", "Non-pertinent"),
            ("privileged", "Privileged"),
            ("administrative", "Administrative"),
            ("other-crime", "Other offence"),
            ("translate", "To be translated"),
            ("no-contact", "No contact made"),
        )
    )
)
"""What an agency begins with (D)."""


def listed(reading: Reading, retired: bool = False) -> Sequence[Category]:
    """Those that can be given (or all), in their order."""
    found = {one.category: one for one in DEFAULTS}
    found |= {row["category"]: Category(**row) for row in newest_rows(reading, CATEGORIES)}
    wanted = [one for one in found.values() if retired or not one.retired]
    return sorted(wanted, key=lambda one: (one.position, one.category))


def define(
    writing: Writing, category: str, label: str, position: int, by: str, at_us: int, retired: bool = False
) -> int:
    """A category, new or changed; its revision. Raises BoundError."""
    if not 0 <= position < _POSITIONS:
        raise BoundError(f"The position is a number from 0 to {_POSITIONS - 1}.")
    values = {
        "label": text(label, "The label", NAME_CHARACTERS),
        "position": position,
        "retired": retired,
        "by": identifier(by, "The author"),
        "at_us": number(at_us, "The time"),
    }
    return writing.append(CATEGORIES, {"category": identifier(category, "The category")}, values, by)


def assign(writing: Writing, liid: str, cin: int, category: str, by: str, at_us: int) -> bool:
    """False when the communication has it already. Raises BoundError for a category that is not on the list."""
    if category not in {one.category for one in listed(writing)}:
        raise BoundError(f"{category!r} is no category of the list: define it first.")
    return _turn(writing, liid, cin, category, True, by, at_us)


def withdraw(writing: Writing, liid: str, cin: int, category: str, by: str, at_us: int) -> bool:
    """False when the communication does not have it."""
    return _turn(writing, liid, cin, category, False, by, at_us)


def of(reading: Reading, liid: str, cin: int) -> Sequence[Assignment]:
    """What a communication has now, by category."""
    columns = CATEGORY_ASSIGNMENT.c
    found = newest_rows(reading, ASSIGNMENTS, columns.liid == liid, columns.cin == cin)
    return [Assignment(**row) for row in found if row["assigned"]]


def of_liid(reading: Reading, liid: str) -> Mapping[int, Sequence[Assignment]]:
    """What the communications of an interception have now, by CIN."""
    found: dict[int, list[Assignment]] = {}
    for row in newest_rows(reading, ASSIGNMENTS, CATEGORY_ASSIGNMENT.c.liid == liid):
        if row["assigned"]:
            found.setdefault(row["cin"], []).append(Assignment(**row))
    return found


def communications(reading: Reading, category: str) -> Sequence[tuple[str, int]]:
    """(LIID, CIN) of all that have it now."""
    found = newest_rows(reading, ASSIGNMENTS, CATEGORY_ASSIGNMENT.c.category == category)
    return [(row["liid"], row["cin"]) for row in found if row["assigned"]]


def history(reading: Reading, liid: str, cin: int) -> Sequence[Assignment]:
    """Every assignment and withdrawal of a communication, by category, oldest first."""
    columns = CATEGORY_ASSIGNMENT.c
    names = select(columns.category).where(columns.liid == liid, columns.cin == cin).distinct().order_by("category")
    return [
        Assignment(**row)
        for name in reading.connection.execute(names).scalars().all()
        for row in revisions(reading, ASSIGNMENTS, {"liid": liid, "cin": cin, "category": name})
    ]


def _turn(writing: Writing, liid: str, cin: int, category: str, assigned: bool, by: str, at_us: int) -> bool:
    key = {**communication(liid, cin), "category": category}
    now = newest_row(writing, ASSIGNMENTS, key)
    if (now is not None and now["assigned"]) == assigned:
        return False
    values = {"assigned": assigned, "by": identifier(by, "The author"), "at_us": number(at_us, "The time")}
    writing.append(ASSIGNMENTS, key, values, by, 0 if now is None else now["revision"])
    return True
