"""Enrolled stations: a client certificate or a token says which one it is; facility and device class go with it.

Technical staff enrol a station by the fingerprint of its certificate, or by a token that the station brings once and
exchanges for one of its own. Both are kept as SHA-256 alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, select

from collector.desk.database.bounds import NAME_CHARACTERS, BoundError, identifier, number, sha256_hex, text
from collector.desk.database.tables import STATION, STATIONS
from collector.desk.database.writing import Reading, Writing, newest_row, newest_rows
from mediation.law.access_facts import DeviceClass


class Station(NamedTuple):
    """`certificate_sha256` of the DER, or `token_sha256` of the token, in hexadecimal; the other is None."""

    station_id: str
    revision: int
    facility: str
    device_class: DeviceClass
    certificate_sha256: str | None
    token_sha256: str | None
    enrolled_by: str
    enrolled_us: int
    revoked_by: str | None
    revoked_us: int | None


def enrol(
    writing: Writing,
    station_id: str,
    facility: str,
    device_class: DeviceClass,
    by: str,
    at_us: int,
    certificate_sha256: str = "",
    token_sha256: str = "",
) -> None:
    """A new station, or again one that was revoked. Exactly one of the two hashes. Raises BoundError when the id, the
    certificate or the token is in use."""
    if bool(certificate_sha256) == bool(token_sha256):
        raise BoundError("A station is enrolled by a certificate or by a token, one of the two.")
    values = {
        "facility": text(facility, "The facility", NAME_CHARACTERS),
        "device_class": str(DeviceClass(device_class)),
        "certificate_sha256": sha256_hex(certificate_sha256, "The fingerprint") if certificate_sha256 else None,
        "token_sha256": sha256_hex(token_sha256, "The token's hash") if token_sha256 else None,
        "enrolled_by": identifier(by, "Who enrols it"),
        "enrolled_us": number(at_us, "The time"),
        "revoked_by": None,
        "revoked_us": None,
    }
    taken = select(STATION.c.station_id).where(
        (STATION.c.certificate_sha256 == (certificate_sha256 or "-"))
        | (STATION.c.token_sha256 == (token_sha256 or "-")),
        STATION.c.station_id != station_id,
    )
    twin = writing.connection.execute(taken).scalar()
    if twin is not None:
        raise BoundError(f"The station {twin} has that certificate or token already.")
    old = newest_row(writing, STATIONS, {"station_id": identifier(station_id, "The station")})
    if old is not None and old["revoked_us"] is None:
        raise BoundError(f"There is a station {station_id}: revoke it before it is enrolled again.")
    if old is not None:
        writing.change(STATIONS, old, values, by)
    elif not writing.add(STATIONS, {"station_id": station_id, **values}, by):
        raise BoundError(f"Somebody enrolled {station_id}, or another with its certificate or token, meanwhile.")


def exchange(writing: Writing, token_sha256: str, own_sha256: str) -> Station | None:
    """The token that a station was enrolled by, once, for one that only the station knows; None for any other token."""
    found = by_token(writing, token_sha256)
    if found is None:
        return None
    fresh = sha256_hex(own_sha256, "The token's hash")
    writing.change(STATIONS, found._asdict(), {"token_sha256": fresh}, found.station_id)
    return found._replace(token_sha256=fresh, revision=found.revision + 1)


def revoke(writing: Writing, station_id: str, by: str, at_us: int) -> bool:
    """False when there is none, or it was revoked before."""
    old = newest_row(writing, STATIONS, {"station_id": station_id})
    if old is None or old["revoked_us"] is not None:
        return False
    ended = {"revoked_by": identifier(by, "Who revokes it"), "revoked_us": number(at_us, "The time")}
    writing.change(STATIONS, old, ended, by)
    return True


def by_certificate(reading: Reading, certificate_sha256: str) -> Station | None:
    """The station of that client certificate, unless it was revoked."""
    return _one(reading, STATION.c.certificate_sha256 == certificate_sha256)


def by_token(reading: Reading, token_sha256: str) -> Station | None:
    """The station of that token, unless it was revoked."""
    return _one(reading, STATION.c.token_sha256 == token_sha256)


def listed(reading: Reading) -> Sequence[Station]:
    """All, revoked ones too, by id."""
    return [_station(**row) for row in newest_rows(reading, STATIONS)]


def _one(reading: Reading, which: ColumnElement[bool]) -> Station | None:
    query = select(STATION).where(which, STATION.c.revoked_us.is_(None))
    row = reading.connection.execute(query).mappings().first()
    return None if row is None else _station(**row)


def _station(device_class: str, **row: object) -> Station:
    return Station(device_class=DeviceClass(device_class), **row)  # type: ignore[arg-type]
