"""Accounts and stations of a lab's console, in the desk's database and on its ledger.

Passwords that are made here are one-time: whoever signs in with one chooses another. They are shown to whoever runs the
command and kept by their argon2id hash alone (R-089).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from collector.console.config import SignInPolicy
from collector.console.memory import hash_of, token
from collector.console.passwords import Passwords, one_time_password
from collector.desk.database import DeskDatabase, credentials, sessions, stations
from collector.desk.desk import Desk, Outcome
from lab.cli_order import now_of
from lab.desk import open_desk
from lab.desk_database import database_url
from mediation.law.access_facts import Circumstances, DeviceClass
from mediation.law.actors import Action
from mediation.runtime.config import ConfigError


class Account(NamedTuple):
    """`password` is blank where one was there already."""

    user_id: str
    role: str
    password: str


class Enrolled(NamedTuple):
    station_id: str
    facility: str
    token: str


@contextlib.contextmanager
def open_both(data: Path) -> Iterator[tuple[Desk, DeskDatabase]]:
    """Desk and database, for one command. Raises ConfigError, NotReadyError."""
    with open_desk(data) as desk:
        database = DeskDatabase.open(database_url(data))
        try:
            yield desk, database
        finally:
            database.close()


def give_password(data: Path, user_id: str, by: str) -> tuple[Outcome, str]:
    """A one-time password; every session of theirs ends. Raises ConfigError for somebody the desk does not know."""
    password = one_time_password()
    with open_both(data) as (desk, database):
        if user_id not in desk.state.users:
            raise ConfigError(f"There is no user {user_id}: `calea-lab user add` enters one, `user show` lists them.")
        now_us = now_of(data)
        facts = Circumstances(beneficiary=user_id)
        asked = desk.attempt(by, Action.ADMINISTER, "", now_us, facts, "credential", user_id)
        if asked.answer.allowed:
            _set_passwords(desk, database, {user_id: password}, by, now_us)
    return asked, password


def enrol_station(
    data: Path, station_id: str, facility: str, device: DeviceClass, by: str, fingerprint: str = ""
) -> tuple[Outcome, str]:
    """By a certificate's fingerprint, or by an enrolment token, which is returned. Raises ConfigError, RefusedError."""
    fresh = token()
    with open_both(data) as (desk, database):
        if facility not in desk.state.facilities:
            places = ", ".join(sorted(desk.state.facilities))
            raise ConfigError(f"{facility} is none of the facilities {places} (R-075): give --facility one of them.")
        now_us = now_of(data)
        asked = desk.attempt(by, Action.ADMINISTER, "", now_us, object_type="station", object_id=station_id)
        if asked.answer.allowed:
            with database.recorded(desk, now_us) as writing:
                known = {"certificate_sha256": fingerprint} if fingerprint else {"token_sha256": hash_of(fresh)}
                stations.enrol(writing, station_id, facility, device, by, _wall_us(), **known)
    return asked, "" if fingerprint else fresh


def revoke_station(data: Path, station_id: str, by: str) -> tuple[Outcome, bool]:
    """Whether there was one to revoke."""
    with open_both(data) as (desk, database):
        now_us = now_of(data)
        asked = desk.attempt(by, Action.ADMINISTER, "", now_us, object_type="station", object_id=station_id)
        if not asked.answer.allowed:
            return asked, False
        with database.recorded(desk, now_us) as writing:
            return asked, stations.revoke(writing, station_id, by, _wall_us())


def known_stations(data: Path) -> list[stations.Station]:
    database = DeskDatabase.open(database_url(data))
    try:
        with database.reading() as reading:
            return list(stations.listed(reading))
    finally:
        database.close()


def seed(data: Path, anew: bool = False) -> tuple[list[Account], list[Enrolled]]:
    """Training accounts: a one-time password for each person of the desk who has none (for everybody, `anew`), and a
    station at each facility that has none. By the lab itself, as when the desk was made."""
    now_us = now_of(data)
    with open_both(data) as (desk, database):
        with database.reading() as reading:
            there = {name for name in desk.state.users if credentials.find(reading, name) is not None}
            placed = {one.facility for one in stations.listed(reading) if one.revoked_us is None}
        people = [name for name in desk.state.users if anew or name not in there]
        passwords = {name: one_time_password() for name in people}
        _set_passwords(desk, database, passwords, "SYS", now_us)
        enrolled = _enrol_all(desk, database, sorted(desk.state.facilities - placed), now_us)
        accounts = [
            Account(name, str(user.duty_at(now_us).role), passwords.get(name, ""))
            for name, user in desk.state.users.items()
        ]
    return accounts, enrolled


def admit(
    data: Path, people: Iterable[str], places: Mapping[str, str], now_us: int
) -> tuple[dict[str, str], list[Enrolled]]:
    """A one-time password for each of these people, and a station of each of these names at its facility; by the lab
    itself, as when the desk was made."""
    passwords = {name: one_time_password() for name in people}
    with open_both(data) as (desk, database):
        _set_passwords(desk, database, passwords, "SYS", now_us)
        return passwords, _enrol(desk, database, places, now_us)


def _enrol_all(desk: Desk, database: DeskDatabase, facilities: Iterable[str], now_us: int) -> list[Enrolled]:
    return _enrol(desk, database, {f"ST-{facility}": facility for facility in facilities}, now_us)


def _enrol(desk: Desk, database: DeskDatabase, places: Mapping[str, str], now_us: int) -> list[Enrolled]:
    made = [Enrolled(name, facility, token()) for name, facility in places.items()]
    with database.recorded(desk, now_us) as writing:
        for one in made:
            known, device = hash_of(one.token), DeviceClass.CALEA_STATION
            stations.enrol(writing, one.station_id, one.facility, device, "SYS", _wall_us(), token_sha256=known)
    return made


def _set_passwords(desk: Desk, database: DeskDatabase, passwords: dict[str, str], by: str, now_us: int) -> None:
    policy, at_us = SignInPolicy(), _wall_us()
    hasher = Passwords(policy.argon2_memory_kib, policy.argon2_passes)
    try:
        hashed = {name: hasher.hashed(password) for name, password in passwords.items()}
    finally:
        hasher.close()
    with database.recorded(desk, now_us) as writing:
        for name, text in hashed.items():
            credentials.set_password(writing, name, text, by, at_us, must_change=True)
            sessions.revoke_all(writing, name, "the password was set anew", by, at_us)


def _wall_us() -> int:
    """Accounts live by the machine's clock: people wait in real time."""
    return time.time_ns() // 1000
