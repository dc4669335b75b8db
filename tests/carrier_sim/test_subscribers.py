"""Only fictional identities come out of the network, whatever it is asked for."""

from __future__ import annotations

import re

import pytest

from asn1.errors import LocalError
from asn1.packets import parse_ip
from asn1.radius import parse_radius
from asn1.sip import number_of, parse_sip
from carrier_sim.config import BackgroundItem, CallItem, SmsItem, WebItem
from carrier_sim.events import EventKind
from carrier_sim.network import Network, Schedule
from carrier_sim.speech import Clips
from carrier_sim.subscribers import (
    HOSTS,
    Directory,
    Identity,
    digits_of,
    host_party,
    is_fictional,
    is_fictional_address,
    is_fictional_number,
)


def test_registry_gives_only_fictional_identities() -> None:
    directory = Directory(seed=7, count=400)
    late = [directory.get(f"1{area}5550101") for area in range(300, 420)]
    everyone = [*directory.everyone, *late]
    assert len(everyone) == 520
    for one in everyone:
        for identity in one.party.identities:
            assert is_fictional(identity), identity
    for kind in range(6):
        values = [one.party.identities[kind].value for one in everyone]
        assert len(set(values)) == len(values), f"two subscribers share one {everyone[0].party.identities[kind].kind}"
    for host, address in HOSTS:
        assert all(is_fictional(identity) for identity in host_party(host, address).identities)


@pytest.mark.parametrize(
    "identity",
    [
        Identity("e164Number", "12125551234"),
        Identity("e164Number", "442071234567"),
        Identity("imsi", "310150123456789"),
        Identity("ipv4Address", "8.8.8.8"),
        Identity("ipv4Address", "127.0.0.1"),
        Identity("ipv6Address", "2606:4700::1"),
        Identity("ipv4Address", "nonsense"),
        Identity("sipUri", "sip:+12125551234@ims.invalid"),
        Identity("sipUri", "sip:+12125550101@carrier.example.org"),
        Identity("nai", "user@isp.net"),
        Identity("host", "example.org"),
        Identity("imei", "490154203237518"),
    ],
)
def test_real_identities_are_told_apart(identity: Identity) -> None:
    assert not is_fictional(identity)


def test_packets_and_messages_hold_only_fictional_identities() -> None:
    schedule = Schedule()
    network = Network(3, 10**15, Directory(3), Clips(), schedule)
    network.add(BackgroundItem(calls=8, sms=6, sessions=8, seconds=20), 10**15)
    network.add(WebItem(visitors=("2125550106",)), 10**15)
    for event in schedule.due(1 << 62, 10**6):
        for party in (event.sender, event.receiver):
            assert party is None or all(is_fictional(identity) for identity in party.identities)
        if event.kind is EventKind.SIP:
            message = parse_sip(event.octets)
            for uri in (*message.origin_uris, *message.destination_uris):
                number = number_of(uri)
                assert number is not None and is_fictional_number(number)
            for address in re.findall(rb"\d+\.\d+\.\d+\.\d+", event.octets):
                assert is_fictional_address(address.decode())
        elif event.kind in (EventKind.MEDIA, EventKind.DATA):
            packet = parse_ip(event.octets)
            assert packet is not None
            assert is_fictional_address(packet.source) and is_fictional_address(packet.destination)
        elif event.kind is EventKind.RADIUS:
            text = parse_radius(event.octets).text
            assert is_fictional(Identity("imsi", text("3GPP-IMSI") or ""))


def test_scenario_addresses_are_the_ones_of_the_book() -> None:
    directory = Directory(1)
    assert directory.get("+1 212 555 0106").ipv4 == "198.51.100.7"
    assert directory.get("+1 718 555 0179").ipv4 == "203.0.113.80"
    assert directory.get("2125550101") is directory.get("+12125550101")


def test_identities_follow_from_the_number_not_from_the_seed() -> None:
    one, other = Directory(1).get("2125550101"), Directory(2).get("2125550101")
    assert one.party == other.party


@pytest.mark.parametrize("number", ["+12125551234", "911", "+442071234567", "sip:x", "", "12125550"])
def test_real_numbers_are_refused(number: str) -> None:
    with pytest.raises(LocalError, match="555 01XX"):
        digits_of(number)
    with pytest.raises(ValueError, match="fictional"):
        CallItem(caller=number, callee="2125550101")
    with pytest.raises(ValueError, match="fictional"):
        SmsItem.model_validate({"from": "2125550101", "to": number, "text": "x"})


def test_addresses_run_out_in_words() -> None:
    directory = Directory(1, 2)
    with pytest.raises(LocalError, match="area codes"):
        for area in range(300, 500):
            directory.get(f"1{area}5550101")
