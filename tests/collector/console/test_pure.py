"""The pure parts: one-time codes, rates, lists, places, static names."""

from __future__ import annotations

import hmac
from hashlib import sha1
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from collector.console import totp
from collector.console.config import ConsoleConfig, FleetPlace, Segment
from collector.console.lists import Column, Filter, ListState, listed
from collector.console.passwords import fault_of, one_time_password
from collector.console.place import StationAt, place_for, segment_of
from collector.console.rates import Rates
from collector.console.rendering import duration, octets, us_iso, utc
from mediation.law.access_facts import DeviceClass
from mediation.law.actors import Role

S = 1_000_000
SECRET = b"12345678901234567890"
RFC_6238 = ((59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"),
            (2000000000, "279037"), (20000000000, "353130"))  # fmt: skip
"""RFC 6238 appendix B, SHA-1, the last six of eight digits."""


@pytest.mark.parametrize(("at_s", "code"), RFC_6238)
def test_codes_are_those_of_the_rfc(at_s: int, code: str) -> None:
    assert totp.code_at(SECRET, totp.step_at(at_s * S)) == code


@given(st.binary(min_size=1, max_size=64), st.integers(0, 2**40))
def test_a_code_is_six_digits_of_the_hmac(secret: bytes, step: int) -> None:
    code = totp.code_at(secret, step)
    digest = hmac.new(secret, step.to_bytes(8, "big"), sha1).digest()
    at = digest[19] & 15
    assert len(code) == 6 and int(code) == (int.from_bytes(digest[at : at + 4], "big") & 0x7FFFFFFF) % 1_000_000


def test_a_code_counts_for_its_step_and_its_neighbours_once() -> None:
    now_us = 1_000_000 * S
    step = totp.step_at(now_us)
    for away in (-1, 0, 1):
        assert totp.used_step(SECRET, totp.code_at(SECRET, step + away), now_us, -1) == step + away
    for away in (-2, 2):
        assert totp.used_step(SECRET, totp.code_at(SECRET, step + away), now_us, -1) is None
    assert totp.used_step(SECRET, totp.code_at(SECRET, step), now_us, step) is None, "used"
    assert totp.used_step(SECRET, "", now_us, -1) is None
    assert totp.used_step(SECRET, "١٢٣٤٥٦", now_us, -1) is None


def test_the_address_of_a_secret_holds_what_an_authenticator_needs() -> None:
    parts = urlsplit(totp.secret_uri(SECRET, "rivera"))
    asked = parse_qs(parts.query)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert asked["secret"][0] == totp.secret_text(SECRET).replace(" ", "") and "SIMULATION" in asked["issuer"][0]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5 * S)), max_size=60))
def test_no_name_gets_more_than_its_burst_and_its_rate(asked: list[tuple[str, int]]) -> None:
    rates, now_us, taken = Rates(3, 1.0), 0, {}
    for name, step_us in asked:
        now_us += step_us
        if rates.take(name, now_us) == 0.0:
            taken.setdefault(name, []).append(now_us)
    for times in taken.values():
        for begin in range(len(times)):
            for end in range(begin, len(times)):
                assert end - begin + 1 <= 3 + (times[end] - times[begin]) / S + 1e-6


def test_attack_a_flood_of_names_takes_no_more_memory_and_shuts_nobody_out_who_is_in() -> None:
    rates = Rates(2, 1.0, max_names=10)
    assert rates.take("inside", 0) == 0.0
    waits = [rates.take(f"name-{number}", 1) for number in range(100)]
    assert waits.count(0.0) == 9 and all(one > 0 for one in waits[9:])
    assert rates.take("inside", 2) == 0.0
    assert rates.take("name-99", 3 * S) == 0.0, "a full bucket is forgotten"


ROWS = [("b", 2, "F1"), ("a", 10, "F2"), ("C", None, "F1")]
COLUMNS = [
    Column[tuple]("name", "Name", lambda row: row[0]),
    Column[tuple]("many", "Many", lambda row: row[1]),
    Column[tuple]("place", "Place", lambda row: row[2], sorts=False),
]
FILTERS = [Filter("name", "Name"), Filter("place", "Place", {"F1": "One", "F2": "Two"})]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, "baC"),
        ({"sort": "name"}, "abC"),
        ({"sort": "many"}, "Cba"),
        ({"sort": "many", "dir": "desc"}, "abC"),
        ({"sort": "place"}, "baC"),
        ({"sort": "nonsense", "dir": "desc"}, "baC"),
        ({"name": "B"}, "b"),
        ({"place": "F1"}, "bC"),
        ({"place": "F"}, "baC"),
        ({"place": "F1", "name": "z"}, ""),
    ],
)
def test_a_list_sorts_and_filters_by_what_it_declares_alone(query: dict[str, str], names: str) -> None:
    assert "".join(row[0] for row in listed(ROWS, COLUMNS, "/x", query, FILTERS).rows) == names


@given(st.dictionaries(st.sampled_from(["sort", "dir", "page", "name", "place", "zz"]), st.text(max_size=30)))
def test_whatever_the_url_says_there_is_a_page_and_its_links_lead_back(query: dict[str, str]) -> None:
    found = listed(ROWS, COLUMNS, "/x", query, FILTERS, page_rows=1)
    assert 1 <= found.state.page <= found.pages
    again = {
        name: values[0] for name, values in parse_qs(urlsplit(found.state.url(page=found.state.page)).query).items()
    }
    same = ListState.of("/x", again, ["name", "many"], FILTERS)
    assert (same.sort, same.filters, same.page) == (found.state.sort, found.state.filters, found.state.page)
    assert urlsplit(found.state.url(page=1)).path == "/x" and not urlsplit(found.state.url(page=1)).netloc


def test_pages_cut_the_list_and_the_last_one_is_the_last() -> None:
    rows = [(f"{number:03d}", number, "F1") for number in range(120)]
    found = listed(rows, COLUMNS, "/x", {"page": "9"}, FILTERS)
    assert (found.state.page, found.pages, len(found.rows), found.total) == (3, 3, 20, 120)


SEGMENTS = (
    Segment(network="10.0.0.0/8", device="CALEA_STATION"),
    Segment(network="10.7.0.0/16", device="NYPD_PED"),
)


@pytest.mark.rule("R-077")
def test_attack_a_station_that_speaks_from_another_network() -> None:
    station = StationAt("ST-F1", "F1", DeviceClass.CALEA_STATION)
    assert segment_of("10.1.2.3", SEGMENTS) is DeviceClass.CALEA_STATION
    assert segment_of("10.7.2.3", SEGMENTS) is DeviceClass.NYPD_PED
    assert segment_of("127.0.0.1", SEGMENTS) is None and segment_of("", SEGMENTS) is None
    place = place_for(station, "10.7.2.3", SEGMENTS, Role.INV, False)
    assert place is not None and place.segment_device is DeviceClass.NYPD_PED


@pytest.mark.rule("R-077", "R-088")
def test_attack_a_browser_that_is_no_station_is_a_desktop_and_one_outside_is_remote() -> None:
    place = place_for(None, "127.0.0.1", (), Role.TADM, True)
    assert place is not None and (place.device, place.facility) == (DeviceClass.GENERAL_DESKTOP, "")
    assert place_for(None, "127.0.0.1", (), Role.JUDGE, False) is None
    outside = place_for(StationAt("S", "F1", DeviceClass.CALEA_STATION), "203.0.113.7", (), Role.INV, True)
    assert outside is not None and outside.remote and outside.second_factor


def test_passwords_have_something_to_them() -> None:
    assert len({one_time_password() for _ in range(100)}) == 100
    assert all(fault_of(one, "rivera") == "" for one in ("four plain words together", one_time_password()))
    assert all(fault_of(one, "rivera") for one in ("", "short", "x" * 30, "rivera-rivera-rivera", "y" * 300))


def test_times_have_their_zone_and_lengths_their_units() -> None:
    at_us = 1_795_861_515_053_321
    assert us_iso(at_us) == "2026-11-28T10:25:15.053321Z"
    assert utc(at_us) == '<time datetime="2026-11-28T10:25:15.053321Z">2026-11-28 10:25:15 UTC</time>'
    assert ">2026-11-28 10:25:15.053 UTC<" in utc(at_us, 3) and "unknown" in utc(None)
    said = [duration(one * S) for one in (0, 3, 59, 200, 3600, 90_061, -75)]
    assert said == ["0.0 s", "3.0 s", "59 s", "3 min 20 s", "1 h 0 min", "1 d 1 h", "-1 min 15 s"]
    assert [octets(one) for one in (0, 1023, 1536, 5 << 30)] == ["0 octets", "1023 octets", "1.5 KiB", "5.0 GiB"]


@pytest.mark.parametrize(
    "listen",
    [
        {"host": "127.0.0.1"},
        {"host": "0.0.0.0", "tls": {"certificate": "c", "key": "k"}},
        {"host": "0.0.0.0", "exposed": "yes", "tls": {"certificate": "c", "key": "k"}},
    ],
)
@pytest.mark.rule("R-078")
def test_it_listens_over_tls_and_on_loopback_unless_the_configuration_says_so_in_words(listen: dict) -> None:
    values = {
        "data_dir": "d", "lab_ca": "ca", "court_public_key": "c", "hi1_inbox": "i", "desk": {"data_dir": "d"},
        "collector": {"data_dir": "c"},
    }  # fmt: skip
    with pytest.raises(ValidationError):
        ConsoleConfig.model_validate(values | {"listen": listen})


@pytest.mark.parametrize("name", ["desk", "../x", "", ".x", "a/b", "a b", "x" * 33, "collector-1\n"])
def test_attack_a_collector_of_a_fleet_whose_name_is_a_path_or_the_desk_s(name: str) -> None:
    place = {"data_dir": "/x"}
    assert FleetPlace.model_validate({"database_url": "postgresql://x", "shards": {"collector-1": place}}).shards
    with pytest.raises(ValidationError):
        FleetPlace.model_validate({"database_url": "postgresql://x", "shards": {"collector-1": place, name: place}})
