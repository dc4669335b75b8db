"""Orders as plain values, for people, files and documents: read with friendly errors, written so that they read back.

Numbers, addresses and URIs are normalised here, once, so that everybody compares the same text (R-021).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar

from asn1 import sip
from mediation.law.court_days import add_court_days
from mediation.law.entry import MAX_TIME_US, check_order
from mediation.law.orders import (
    CaseId,
    CourtOrder,
    Exigency,
    Jurisdiction,
    Liid,
    OrderId,
    OrderKind,
    OrderState,
    PrttDirection,
    Service,
    Target,
    TargetKind,
    Window,
    normalise_e164,
)

FORMAT: Final = 1
MAX_DAYS: Final = 366
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_KNOWN: Final = frozenset(
    (
        "format",
        "order_id",
        "kind",
        "liid",
        "targets",
        "start",
        "end",
        "days",
        "version",
        "case_id",
        "agency",
        "services",
        "direction",
        "state",
        "revoked_at",
        "objective_attained_at",
        "location_authorised",
        "pctdd_authorised",
        "extensions",
        "trap_area",
        "jurisdiction",
        "activated_at",
        "order_issued_at",
        "denied_at",
        "obtained_at",
        "exigency_ended_at",
        "issued_at",
        "entered_at",
        "terminate_on_first",
        "facilities",
        "presence",
        "joint_with",
    )
)
_EXIGENCY: Final = {
    "order_issued_at": "order_issued_at_us",
    "denied_at": "denied_at_us",
    "obtained_at": "obtained_at_us",
    "exigency_ended_at": "ended_at_us",
}
_Member = TypeVar("_Member", bound=StrEnum)


def order_from_fields(fields: Mapping[str, Any]) -> CourtOrder:
    """An order from plain values. Raises ValueError naming the field, or DocumentRefusedError (`check_order`).

    Keys: order_id, kind, liid, targets (list of "kind:value", a number alone is e164), start, end (ISO 8601 with zone,
    or microseconds), or days instead of end; optional: version, case_id, agency, services, direction, state,
    revoked_at, objective_attained_at, location_authorised, pctdd_authorised, extensions (times), trap_area (number
    prefixes), jurisdiction, issued_at, entered_at, terminate_on_first, facilities, presence, joint_with; of an exigent
    kind activated_at, and with it order_issued_at, denied_at, obtained_at, exigency_ended_at.
    """
    unknown = sorted(str(name) for name in set(fields) - _KNOWN)
    if unknown:
        raise ValueError(f"{unknown[0]}: no such field")
    for name in ("order_id", "kind", "liid", "start"):
        if fields.get(name) in (None, ""):
            raise ValueError(f"{name}: missing")
    start_us = _time_us(fields["start"], "start")
    if fields.get("end") is not None:
        end_us = _time_us(fields["end"], "end")
    elif fields.get("days") is not None:
        days = _whole(fields["days"], "days")
        if not 1 <= days <= MAX_DAYS:
            raise ValueError(f"days: {days} is not in 1 to {MAX_DAYS}")
        end_us = add_court_days(start_us, days)
    else:
        raise ValueError("end: missing; give end or days")
    order = CourtOrder(
        order_id=OrderId(str(fields["order_id"])),
        version=_whole(fields.get("version", 1), "version"),
        kind=_member(OrderKind, fields["kind"], "kind"),
        case_id=CaseId(str(fields.get("case_id") or f"CASE-{fields['order_id']}"[:64])),
        liid=Liid(str(fields["liid"])),
        agency=str(fields.get("agency") or "LAB-LEA"),
        window=Window(start_us, end_us),
        targets=tuple(dict.fromkeys(_target(one) for one in _listed(fields.get("targets")))),
        services=frozenset(_member(Service, one, "services") for one in _listed(fields.get("services"))),
        direction=_member(PrttDirection, fields.get("direction") or "BOTH", "direction"),
        state=_member(OrderState, fields.get("state") or "ISSUED", "state"),
        revoked_at_us=_optional_time(fields, "revoked_at"),
        objective_attained_at_us=_optional_time(fields, "objective_attained_at"),
        location_authorised=_yes_or_no(fields, "location_authorised"),
        pctdd_authorised=_yes_or_no(fields, "pctdd_authorised"),
        extensions_us=tuple(_time_us(one, "extensions") for one in _listed(fields.get("extensions"))),
        trap_area=frozenset(str(one).removeprefix("+") for one in _listed(fields.get("trap_area"))),
        jurisdiction=_member(Jurisdiction, fields.get("jurisdiction") or "STATE", "jurisdiction"),
        exigent=_exigency(fields),
        issued_at_us=_optional_time(fields, "issued_at"),
        entered_at_us=_optional_time(fields, "entered_at"),
        terminate_on_first=_yes_or_no(fields, "terminate_on_first"),
        facilities=frozenset(str(one).strip() for one in _listed(fields.get("facilities"))),
        presence=frozenset(str(one).strip() for one in _listed(fields.get("presence"))),
        joint_with=frozenset(str(one).strip() for one in _listed(fields.get("joint_with"))),
    )
    check_order(order)
    return order


def order_to_fields(order: CourtOrder) -> dict[str, Any]:
    """The fields that `order_from_fields` reads back; times in microseconds."""
    fields: dict[str, Any] = {
        "format": FORMAT,
        "order_id": order.order_id,
        "version": order.version,
        "kind": str(order.kind),
        "case_id": order.case_id,
        "liid": order.liid,
        "agency": order.agency,
        "start": order.window.start_us,
        "end": order.window.end_us,
        "targets": [f"{target.kind}:{target.value}" for target in order.targets],
        "services": sorted(str(service) for service in order.services),
        "direction": str(order.direction),
        "state": str(order.state),
        "revoked_at": order.revoked_at_us,
        "objective_attained_at": order.objective_attained_at_us,
        "location_authorised": order.location_authorised,
        "pctdd_authorised": order.pctdd_authorised,
        "extensions": list(order.extensions_us) or None,
        "trap_area": sorted(order.trap_area) or None,
        "jurisdiction": None if order.jurisdiction is Jurisdiction.STATE else str(order.jurisdiction),
        "issued_at": order.issued_at_us,
        "entered_at": order.entered_at_us,
        "terminate_on_first": order.terminate_on_first or None,
        "facilities": sorted(order.facilities) or None,
        "presence": sorted(order.presence) or None,
        "joint_with": sorted(order.joint_with) or None,
    }
    if order.exigent is not None:
        fields["activated_at"] = order.exigent.activated_at_us
        fields |= {name: getattr(order.exigent, member) for name, member in _EXIGENCY.items()}
    return {name: value for name, value in fields.items() if value is not None}


def time_us(value: object, name: str) -> int:
    """A time as people write it, in microseconds UTC. Raises ValueError that begins with `name`."""
    return _time_us(value, name)


def _exigency(fields: Mapping[str, Any]) -> Exigency | None:
    activated_at_us = _optional_time(fields, "activated_at")
    acts = {member: _optional_time(fields, name) for name, member in _EXIGENCY.items()}
    if activated_at_us is not None:
        return Exigency(activated_at_us, **acts)
    for name in _EXIGENCY:
        if fields.get(name) is not None:
            raise ValueError(f"activated_at: missing; {name} counts from the first activation (R-036)")
    return None


def _listed(value: object) -> list[object]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple | set | frozenset) else [value]


def _whole(value: object, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"{name}: a whole number is needed")
    try:
        return int(value)
    except ValueError as error:
        raise ValueError(f"{name}: {value!r} is no whole number") from error


def _yes_or_no(fields: Mapping[str, Any], name: str) -> bool:
    """Never guessed: the word "no" is true to Python, and would authorise."""
    value = fields.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise ValueError(f"{name}: {value!r} is neither true nor false")


def _member(kind: type[_Member], value: object, name: str) -> _Member:
    try:
        return kind(str(value))
    except ValueError as error:
        words = ", ".join(str(one) for one in kind)
        rule = " (R-001)" if kind is OrderKind else ""
        raise ValueError(f"{name}: {value!r} is none of {words}{rule}") from error


def _optional_time(fields: Mapping[str, Any], name: str) -> int | None:
    return None if fields.get(name) is None else _time_us(fields[name], name)


def _time_us(value: object, name: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        found = value
    else:
        if isinstance(value, datetime):
            when = value
        else:
            try:
                when = datetime.fromisoformat(str(value))
            except ValueError as error:
                raise ValueError(f"{name}: {value!r} is no ISO 8601 time such as 2026-03-01T14:00:00Z") from error
        if when.tzinfo is None:
            raise ValueError(f"{name}: {str(value)!r} names no zone; end it with Z or an offset")
        found = (when - _EPOCH) // timedelta(microseconds=1)
    if not 0 <= found <= MAX_TIME_US:
        raise ValueError(f"{name}: {value!r} is not in the years 1970 to 9986")
    return found


def _target(value: object) -> Target:
    text = str(value).strip()
    name, colon, rest = text.partition(":")
    if colon and name in _NORMAL:
        kind = TargetKind(name)
    elif colon and name.lower() in ("sip", "sips"):
        kind, rest = TargetKind.SIP_URI, text
    elif not colon or name.lower() != "tel":
        kind, rest = TargetKind.E164, text
    else:
        kind = TargetKind.E164
    return Target(kind, _NORMAL[kind](rest.strip()))


def _number(text: str) -> str:
    number = normalise_e164(text)
    if number is None:
        raise ValueError(f"targets: {text!r} is no telephone number such as +12125550101 (R-021)")
    return number


def _imsi(text: str) -> str:
    if not (text.isascii() and text.isdigit() and 6 <= len(text) <= 15):
        raise ValueError(f"targets: {text!r} is no IMSI: 6 to 15 digits such as 001012125550101")
    return text


def _uri(text: str) -> str:
    uri = sip.canonical_uri(text).lower()
    if not uri.startswith(("sip:", "sips:")) or len(uri) > 256 or sip.host_of(uri) is None:
        raise ValueError(f"targets: {text!r} is no SIP URI such as sip:user@ims.example.invalid")
    return uri


def _ipv4(text: str) -> str:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError as error:
        raise ValueError(f"targets: {text!r} is no IPv4 address") from error


def _ipv6(text: str) -> str:
    try:
        return str(ipaddress.IPv6Address(text))
    except ValueError as error:
        raise ValueError(f"targets: {text!r} is no IPv6 address") from error


def _host(text: str) -> str:
    host = text.lower().rstrip(".")
    if not 1 <= len(host) <= 253 or not host.isascii() or not host.isprintable() or " " in host or "/" in host:
        raise ValueError(f"targets: {text!r} is no host name such as www.example.invalid")
    return host


_DEVICE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def _device(text: str) -> str:
    if not _DEVICE_NAME.fullmatch(text):
        raise ValueError(f"targets: {text!r} is no device such as D1: letters, digits, dot, dash and underscore")
    return text


_NORMAL: Final[dict[str, Callable[[str], str]]] = {
    TargetKind.E164: _number,
    TargetKind.IMSI: _imsi,
    TargetKind.SIP_URI: _uri,
    TargetKind.IPV4: _ipv4,
    TargetKind.IPV6: _ipv6,
    TargetKind.HOST: _host,
    TargetKind.DEVICE: _device,
}
