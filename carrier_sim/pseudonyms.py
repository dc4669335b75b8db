"""Real identities of a capture made fictional, the same one always the same way.

Numbers become +1 917 555 01XX (then 718, 646, 212), from the end of each range downwards and never one that the
capture itself uses; addresses become documentation addresses, names of hosts `hN.invalid`. Loopback addresses stay:
they are nobody's. A SIP message in which everything is fictional already keeps its octets. Otherwise its URIs,
addresses, display names and Call-ID are rewritten, headers that locate or authenticate a person are blanked, and
Content-Length is corrected. What a party wrote or said is content and stays: who replays a real capture answers for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from asn1.errors import LocalError
from asn1.packets import TCP, UDP, IpPacket
from asn1.radius import RadiusPacket, Value, build_radius
from asn1.sip import SipMessage, number_of
from carrier_sim.subscribers import AREA_CODES, DATA_DOMAIN, is_fictional_address, is_fictional_number

_MAX_MAPPED: Final = 100_000
_URI: Final = re.compile(
    r"(?P<scheme>sips?:|tel:)(?:(?P<user>[^@\s<>;,\"?]{0,256})(?P<parameters>;[^@\s<>,\"?]{0,256})?@)?(?P<rest>[^\s<>;,\"?:]+|\[[^\]\s]*\])?",
    re.IGNORECASE,
)
_VIA: Final = re.compile(r"(SIP/2\.0/[A-Za-z]+\s+)(\[[^\]\s]*\]|[^\s;:,]+)")
_IPV4: Final = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
_IPV6: Final = re.compile(r"(?<![0-9A-Fa-f:.])(?=[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:)[0-9A-Fa-f:]{3,39}(?![0-9A-Fa-f:.])")
_DISPLAY: Final = re.compile(
    r"^(\s*(?:from|to|f|t|contact|m|p-asserted-identity|remote-party-id|diversion|referred-by|b|"
    r"p-preferred-identity|history-info)\s*:\s*)(?:\"(?:\\.|[^\"\\])*\"\s*|[^\s<\"\n;,][^<\"\n;,]*)<",
    re.IGNORECASE,
)
_BLANK: Final = re.compile(
    r"^(p-access-network-info|geolocation|p-visited-network-id|p-charging-vector|cellular-network-info|authorization|"
    r"proxy-authorization|www-authenticate|proxy-authenticate|authentication-info|identity|subject|organization)\s*:.*$",
    re.IGNORECASE,
)
_CALL_ID: Final = re.compile(r"^((?:call-id|i)\s*:\s*)(\S+)\s*$", re.IGNORECASE)
_CONTENT_LENGTH: Final = re.compile(r"^((?:content-length|l)\s*:\s*)\d+\s*$", re.IGNORECASE)
_DIGITS: Final = re.compile(r"\d{7,15}")
_SDP_HOST: Final = re.compile(r"^(o=\S+ \S+ \S+ IN IP[46] |c=IN IP[46] )(\S+)", re.MULTILINE)
_SDP_PERSON: Final = re.compile(r"^([seipu])=.*$", re.MULTILINE)
_FICTIONAL_HOST: Final = re.compile(r"(.+\.)?(invalid|test|example|localhost)\.?", re.IGNORECASE)


class Pseudonyms:
    """One replay's mapping. `reserved_*` are the fictional identities the capture uses itself."""

    def __init__(self, reserved_numbers: frozenset[str], reserved_addresses: frozenset[str]) -> None:
        self._numbers: dict[str, str] = {}
        self._addresses: dict[str, str] = {}
        self._hosts: dict[str, str] = {}
        self._call_ids: dict[str, str] = {}
        self._users: dict[str, str] = {}
        self._free_numbers = _free_numbers(reserved_numbers)
        self._free_addresses = _free_addresses(reserved_addresses)

    # ---- single identities

    def number(self, digits: str) -> str:
        """E.164 digits (or a dialled string of seven digits and more) -> E.164 digits of a fictional number."""
        if is_fictional_number(digits):
            return digits
        if digits not in self._numbers:
            fictional = next(self._free_numbers, None)
            if fictional is None:
                raise LocalError(
                    "The capture has more numbers than there are fictional ones: cut it, or replay it with "
                    "keep_identities."
                )
            self._numbers[digits] = fictional
        return self._numbers[digits]

    def address(self, text: str) -> str:
        """An address as text -> itself when it is loopback, unspecified or of documentation, else a pseudonym."""
        try:
            address = ip_address(text)
        except ValueError:
            return text
        if address.is_loopback or address.is_unspecified or address.is_multicast or is_fictional_address(text):
            return text
        key = str(address)
        if key not in self._addresses:
            self._addresses[key] = self._new_address(address)
        return self._addresses[key]

    def _new_address(self, address: IPv4Address | IPv6Address) -> str:
        if len(self._addresses) >= _MAX_MAPPED:
            raise LocalError(f"The capture has more than {_MAX_MAPPED} addresses: cut it first.")
        if address.version == 6:
            return str(IPv6Address((0x20010DB8 << 96) | (0xFFFE << 80) | (len(self._addresses) + 1)))
        # Beyond the documentation ranges loopback is the only IPv4 space that belongs to nobody.
        return next(self._free_addresses, None) or str(IPv4Address((127 << 24 | 64 << 16) + len(self._addresses)))

    def host(self, name: str) -> str:
        bare = name.strip("[]")
        try:
            ip_address(bare)
        except ValueError:
            if _FICTIONAL_HOST.fullmatch(name):
                return name
            return self._numbered(self._hosts, name.lower(), "h{}.invalid")
        mapped = self.address(bare)
        return f"[{mapped}]" if name.startswith("[") else mapped

    def _numbered(self, table: dict[str, str], key: str, form: str) -> str:
        if key not in table and len(table) >= _MAX_MAPPED:
            raise LocalError(f"The capture has more than {_MAX_MAPPED} names: cut it first.")
        return table.setdefault(key, form.format(len(table) + 1))

    # ---- SIP

    def sip(self, message: SipMessage, octets: bytes) -> bytes:
        """The message rewritten, or `octets` themselves when nothing in it is real."""
        head, mark, body = octets.partition(b"\r\n\r\n")
        if not mark:
            head, mark, body = octets.partition(b"\n\n")
        is_sdp = b"\nm=" in b"\n" + body and message.content_type != "text/plain"
        text = head.decode("utf-8", "surrogateescape")
        sdp = body.decode("utf-8", "surrogateescape") if is_sdp else ""
        if not self._is_real(text) and not self._is_real_sdp(sdp):
            return octets
        newline = "\r\n" if "\r\n" in text else "\n"
        lines = re.sub(r"\r?\n[ \t]+", " ", text).split(newline)
        if is_sdp:
            sdp = _SDP_HOST.sub(lambda match: match.group(1) + self.host(match.group(2)), sdp)
            sdp = _SDP_PERSON.sub(lambda match: f"{match.group(1)}=-", sdp)
            body = self._addresses_in(sdp).encode("utf-8", "surrogateescape")
        lines = [self._header_line(line) if index else self._text(line) for index, line in enumerate(lines)]
        lines = [_CONTENT_LENGTH.sub(lambda match: f"{match.group(1)}{len(body)}", line) for line in lines]
        return newline.join(lines).encode("utf-8", "surrogateescape") + mark + body

    def _is_real(self, text: str) -> bool:
        for match in _URI.finditer(text):
            user, rest = match.group("user"), match.group("rest") or ""
            if match.group("scheme").lower() == "tel:":
                user, rest = rest, ""
            if rest and self.host(rest) != rest:
                return True
            digits = re.sub(r"[-.()+\s]", "", (user or "").partition(":")[0])
            if _DIGITS.fullmatch(digits) and not is_fictional_number(digits if len(digits) != 10 else "1" + digits):
                return True
        vias = (match.group(2) for match in _VIA.finditer(text))
        return any(self.host(host) != host for host in vias) or self._has_real_address(text)

    def _is_real_sdp(self, sdp: str) -> bool:
        hosts = (match.group(2) for match in _SDP_HOST.finditer(sdp))
        return any(self.host(host) != host for host in hosts) or self._has_real_address(sdp)

    def _has_real_address(self, text: str) -> bool:
        return any(self.address(found) != found for found in (*_IPV4.findall(text), *_IPV6.findall(text)))

    def _header_line(self, line: str) -> str:
        if match := _BLANK.match(line):
            return f"{match.group(1)}: pseudonymised"
        if match := _CALL_ID.match(line):
            return match.group(1) + self._numbered(self._call_ids, match.group(2), "call-{}@calls.invalid")
        line = _DISPLAY.sub(r'\1"Subject" <', line)
        return self._text(line)

    def _text(self, text: str) -> str:
        text = _URI.sub(self._uri, text)
        text = _VIA.sub(lambda match: match.group(1) + self.host(match.group(2)), text)
        return _DIGITS.sub(self._known_number, self._addresses_in(text))

    def _uri(self, match: re.Match[str]) -> str:
        scheme, user, rest = match.group("scheme"), match.group("user"), match.group("rest") or ""
        if scheme.lower() == "tel:":
            return scheme + self._user(rest)
        if user is None:
            return scheme + self.host(rest)
        host = self.host(rest) if rest else rest
        if not _DIGITS.fullmatch(re.sub(r"[-.()+\s]", "", user.partition(":")[0])) and host != rest:
            return f"{scheme}{self._numbered(self._users, f'{user}@{rest}'.lower(), 'user-{}')}@{host}"
        return f"{scheme}{self._user(user)}{match.group('parameters') or ''}@{host}"

    def _user(self, user: str) -> str:
        """A user that is a number, in the form it was written in: with plus, national, or with country code."""
        digits = re.sub(r"[-.()+\s]", "", user)
        if not _DIGITS.fullmatch(digits):
            return user
        fictional = self.number(number_of(f"tel:{user}") or digits)
        if user.startswith("+"):
            return "+" + fictional
        return fictional[1:] if len(digits) == 10 else fictional

    def _known_number(self, match: re.Match[str]) -> str:
        """A number elsewhere in the text, when a URI has shown that it is one."""
        digits = match.group(0)
        if digits in self._numbers:
            return self._numbers[digits]
        national = "1" + digits
        return self._numbers[national][1:] if len(digits) == 10 and national in self._numbers else digits

    def _addresses_in(self, text: str) -> str:
        text = _IPV4.sub(lambda match: self.address(match.group(0)), text)
        return _IPV6.sub(lambda match: self.address(match.group(0)), text)

    # ---- packets

    def packet(self, packet: IpPacket, octets: bytes) -> bytes:
        """The packet with both addresses mapped and its checksums corrected (RFC 1624); else unchanged."""
        source, destination = self.address(packet.source), self.address(packet.destination)
        if source == packet.source and destination == packet.destination:
            return octets
        new = ip_address(source).packed + ip_address(destination).packed
        at = 12 if packet.version == 4 else 8
        out = bytearray(octets)
        delta = _word_sum(new) - _word_sum(bytes(out[at : at + len(new)]))
        out[at : at + len(new)] = new
        if packet.version == 4:
            _adjust(out, 10, delta)
        if packet.source_port is not None:
            checksum = packet.transport_offset + {UDP: 6, TCP: 16}[packet.protocol]
            # A zero UDP checksum says that there is none.
            if packet.protocol == TCP or out[checksum : checksum + 2] != b"\0\0":
                _adjust(out, checksum, delta)
        return bytes(out)

    def radius(self, packet: RadiusPacket, octets: bytes) -> bytes:
        """The packet rebuilt from its named attributes with the identities mapped; secrets are left out."""
        mapped = {name: self._radius_value(name, value) for name, value in packet.attributes.items()}
        if mapped == dict(packet.attributes):
            return octets
        kept = [(name, value) for name, value in mapped.items() if name not in ("User-Password", "Class")]
        return build_radius(packet.code, packet.identifier, kept)

    def _radius_value(self, name: str, value: Value) -> Value:
        if not isinstance(value, str):
            return value
        if name == "User-Name":
            fictional = _FICTIONAL_HOST.fullmatch(value.partition("@")[2]) is not None
            return value if fictional else self._numbered(self._users, value.lower(), "user-{}@" + DATA_DOMAIN)
        if name in ("3GPP-IMSI",):
            return value if value.startswith("00101") else "00101" + self.number(value)[1:]
        if name == "3GPP-IMSI-MCC-MNC":
            return "00101"
        if name == "Calling-Station-Id":
            digits = re.sub(r"\D", "", value)
            return self.number(number_of(f"tel:{value}") or digits) if _DIGITS.fullmatch(digits) else "pseudonymised"
        if name == "3GPP-IMEISV":
            return "0" * 16
        if name in ("Framed-IPv6-Prefix",):
            prefix, _, bits = value.partition("/")
            return f"{self.address(prefix)}/{bits}"
        return self.address(value)


def _free_numbers(reserved: frozenset[str]) -> Iterator[str]:
    for area in reversed(AREA_CODES):
        for last in range(99, -1, -1):
            digits = f"1{area}55501{last:02d}"
            if digits not in reserved:
                yield digits


def _free_addresses(reserved: frozenset[str]) -> Iterator[str]:
    for network in ("203.0.113", "198.51.100", "192.0.2"):
        for last in range(254, 0, -1):
            text = f"{network}.{last}"
            if text not in reserved:
                yield text


def _word_sum(octets: bytes) -> int:
    return sum(octets[at] << 8 | octets[at + 1] for at in range(0, len(octets), 2))


def _adjust(out: bytearray, at: int, delta: int) -> None:
    """Checksum at `at` after the words it covers grew by `delta`: RFC 1624 equation 3, HC' = ~(~HC + delta)."""
    if at + 2 > len(out):
        return
    total = ((~(out[at] << 8 | out[at + 1]) & 0xFFFF) + delta) % 0xFFFF
    out[at : at + 2] = (~total & 0xFFFF).to_bytes(2, "big")
