"""An order as texts under its field names: the form that YAML and HI1 share.

Nothing is guessed from how a text looks: `0123` stays a LIID, only `true` and `false` are yes and no, and a time is
ISO 8601 with its zone or microseconds in digits. The names are those of `fields.order_from_fields`. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from asn1.errors import RefusedError
from asn1.hi1_walk import stamp
from mediation.law.fields import order_from_fields, order_to_fields
from mediation.law.orders import CourtOrder

Text = str | list[str]
TIMES: Final = frozenset(
    {
        "start",
        "end",
        "revoked_at",
        "objective_attained_at",
        "extensions",
        "activated_at",
        "order_issued_at",
        "denied_at",
        "obtained_at",
        "exigency_ended_at",
        "issued_at",
        "entered_at",
    }
)
YES_OR_NO: Final = frozenset({"location_authorised", "pctdd_authorised", "terminate_on_first"})
LISTS: Final = frozenset({"targets", "services", "extensions", "trap_area", "facilities", "presence", "joint_with"})
_WORDS: Final = {"true": True, "false": False}


def order_texts(order: CourtOrder) -> dict[str, Text]:
    """Every field of the order that is not nothing; times in UTC with microseconds."""
    found: dict[str, Text] = {}
    for name, value in order_to_fields(order).items():
        if name != "format" and value != []:
            found[name] = [_text(name, one) for one in value] if isinstance(value, list) else _text(name, value)
    return found


def order_of_texts(texts: Mapping[str, object]) -> CourtOrder:
    """The order that passes the entry checks. Raises RefusedError naming the field, or DocumentRefusedError."""
    try:
        return order_from_fields(fields_of_texts(texts))
    except (ValueError, OverflowError) as error:
        raise RefusedError(f"DOC_MISSING:{error}") from error


def fields_of_texts(texts: Mapping[str, object]) -> dict[str, Any]:
    """What `fields.order_from_fields` reads. Raises ValueError for what is neither a text nor a list of texts."""
    return {
        name: [_value(name, one) for one in text] if isinstance(text, list) else _value(name, text)
        for name, text in texts.items()
    }


def _text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return stamp(value) if name in TIMES and isinstance(value, int) else str(value)


def _value(name: str, text: object) -> object:
    if not isinstance(text, str):
        raise ValueError(f"{name}: a text or a list of texts is needed")
    if name in YES_OR_NO:
        return _WORDS.get(text, text)
    return int(text) if name in TIMES and text.isascii() and text.isdigit() and len(text) < 19 else text
