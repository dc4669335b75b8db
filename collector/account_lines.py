"""The lines of an account that most of it consists of where there are many orders: of an order of which a batch has
nothing but accepted records of the bulk lane.

    {"accepted": n, "delivered": n, "liid": "…", "order": "…", "version": v}

There may be as many as records, so they are written and read all at once, without an object each: the octets are those
that canonical JSON gives (`accounts`), and a line of any other shape is left to who reads JSON. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final

_TEXT: Final = rb'"[^"\\\x00-\x1f\x80-\xff]*+"'
_LINE: Final = rb'\{"accepted":([1-9][0-9]{0,17}+),"delivered":\1,("liid":%b,"order":%b,"version":[0-9]{1,18}+)\}' % (
    _TEXT,
    _TEXT,
)
_LINES: Final = re.compile(rb"%b,?" % _LINE)
_ORDERS: Final = re.compile(rb'"orders":\[((?>' + _LINE.replace(rb"\1", rb"\2") + rb",?)*+)")


def line_of(order: str, version: int, liid: str) -> bytes:
    """What is the same in every line of an order: all but the counts."""
    return b'"liid":%b,"order":%b,"version":%d' % (json.dumps(liid).encode(), json.dumps(order).encode(), version)


def write_lines(lines: Iterable[tuple[int, bytes]]) -> bytes:
    """Of (records, `line_of`), as the elements of a JSON list."""
    return b",".join([b'{"accepted":%d,"delivered":%d,%b}' % (records, records, line) for records, line in lines])


def take_lines(record: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """An account without the plain lines that its list of orders begins with, and of each of them the number of records
    in digits and what `line_of` said. A key in quotation marks cannot stand within a text of JSON."""
    found = _ORDERS.search(record)
    if found is None:
        return record, []
    begin, end = found.span(1)
    return record[:begin] + record[end:], _LINES.findall(record, begin, end)


def read_line(line: bytes) -> tuple[str, str]:
    """Order and LIID of what `line_of` said and `take_lines` gave back, in which nothing is escaped."""
    parts = line.split(b'"')
    return parts[7].decode(), parts[3].decode()
