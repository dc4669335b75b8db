"""The pen register's tables of a real case: metadata alone, held counted and not named."""

from __future__ import annotations

from typing import Any

import pytest

from asn1.errors import RefusedError
from collector.console.model.prtt import prtt
from collector.standing import held, of_order
from mediation.law.orders import OrderId, order_uid
from mediation.law.verdicts import Reason

A, B = "+12125550101", "+12125550102"


async def test_the_tables_of_a_case(made: Any, sent: Any) -> None:
    case = await made(*sent)
    found = prtt(case.library, case.scope(content=False))
    assert [(one.caller, one.called, one.calls, one.messages) for one in found.pairs] == [(A, B, 2, 2)]
    assert [(one.name, one.orders) for one in found.common] == [(B, ("O-1", "O-2"))]
    assert (found.rows, found.cut, found.withheld, len(found.lines)) == (4, False, (), 4)
    assert sum(one.communications for one in found.hours.bins) == 4
    assert "WITHHELD" not in repr(found)
    bounded = prtt(case.library, case.scope(), max_rows=3)
    assert (bounded.rows, bounded.cut) == (3, True)
    assert prtt(case.library, case.scope(), from_us=1 << 61).rows == 0
    with pytest.raises(RefusedError, match="one of UTC"):
        prtt(case.library, case.scope(), zone="Mars")


async def test_attack_a_held_order_names_nobody_in_the_tables(made: Any, sent: Any) -> None:
    case = await made(*sent)
    for order in ("O-1", "O-2"):
        case.decide(held(of_order(order_uid(OrderId(order))), Reason.ORDER_LAPSED, 5))
    found = prtt(case.library, case.scope())
    assert (found.pairs, found.numbers, found.common, found.links.nodes) == ((), (), (), ())
    # All that is held of the case: of what kind it is, and when it was, is not said.
    assert sum(one.records for one in found.withheld) == 5 and "2125550" not in repr(found)
