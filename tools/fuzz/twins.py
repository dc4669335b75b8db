"""The compiled scan and view beside their interpreted copies, and the quick walk of a record beside the reference: the
same columns, lines and values on every mutant."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from types import ModuleType
from typing import Any, Final

from asn1 import ps_tables, table, walk
from asn1.errors import DecodeError
from lab.kernels import interpreted, require_compiled

_ROWS: Final = 64
MAX_RECORD: Final = 1 << 16


class Twins:
    def __init__(self) -> None:
        from asn1 import columns, scan, view

        require_compiled()
        self._fast = (columns, scan, view)
        one = columns.Columns(1)
        self._names = [name for name in dir(one) if isinstance(getattr(one, name), array)]
        self._slow = interpreted("asn1.columns", "asn1.scan", "asn1.view")

    def differ(self, octets: bytes) -> str | None:
        """What the two say differently, None when nothing."""
        fast, slow = (scanned(one, two, self._names, octets) for one, two, _ in (self._fast, self._slow))
        if fast != slow:
            keys = [key for key in fast if fast[key] != slow.get(key)]
            return f"scan: {', '.join(keys)}"
        lines = [list(twin[2].describe_stream([octets])) for twin in (self._fast, self._slow)]
        if lines[0] != lines[1]:
            return "describe_stream"
        return None if walked_alike(octets) else "walk"


def walked_alike(octets: bytes) -> bool:
    """Whether the quick walk leaves a PS-PDU to the reference, or answers as it does; and whether the check of one,
    which makes no values, is sure of nothing that the walk is not sure of."""
    plan = table.plan_of(ps_tables.PS_PDU)
    quick = walk.walk(plan, octets)
    if quick is walk.UNSURE:
        return not walk.check(plan, octets, walk.Spans())
    try:
        return bool(table.decode_reference(ps_tables.PS_PDU, octets) == (quick, ()))
    except DecodeError:
        return False


def scanned(columns: ModuleType, scanner: ModuleType, names: Iterable[str], octets: bytes) -> dict[str, Any]:
    """Everything one scan says about the octets, as plain values; twice over the same columns, since they remember."""
    cols = columns.Columns(_ROWS)
    liids = columns.LiidTable()
    said: dict[str, Any] = {}
    for turn in (0, 1):
        end = scanner.scan(octets, 0, len(octets), cols, liids, MAX_RECORD)
        said |= {f"end {turn}": end, f"n {turn}": cols.n, f"fatal {turn}": cols.fatal, f"skip {turn}": cols.skip}
        said |= {f"{name} {turn}": getattr(cols, name)[: cols.n].tolist() for name in names}
    said["liids"] = [liids.octets(index).hex() for index in range(len(liids))]
    return said
