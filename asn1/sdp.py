"""SDP bodies, read for where the media of a call goes. Forgiving and bounded; raises nothing. Source: RFC 8866."""

from __future__ import annotations

from typing import Final, NamedTuple

MAX_SDP_OCTETS: Final = 65_535
"""No more than fits the UDP datagram of the SIP message around it."""
MAX_MEDIA_LINES: Final = 32
_DIRECTIONS: Final = ("sendrecv", "sendonly", "recvonly", "inactive")


class SdpMedia(NamedTuple):
    """One `m=` line with what belongs to it. `address` is that of the media level, else of the session level.

    `formats` are the payload type numbers (or tokens) as written; `rtpmap` pairs (payload type, `NAME/rate[/ch]`).
    `port` 0 means the stream is refused. `direction` is `sendrecv|sendonly|recvonly|inactive`.
    """

    kind: str
    address: str | None
    port: int
    protocol: str
    formats: tuple[str, ...]
    rtpmap: tuple[tuple[int, str], ...]
    direction: str
    rtcp_port: int | None

    def payload_name(self, payload_type: int) -> str | None:
        """Encoding name in upper case (`PCMA`, `TELEPHONE-EVENT`); the static ones of RFC 3551 need no rtpmap."""
        for number, name in self.rtpmap:
            if number == payload_type:
                return name.partition("/")[0].upper()
        return {0: "PCMU", 3: "GSM", 8: "PCMA", 9: "G722", 18: "G729"}.get(payload_type)


def parse_sdp(octets: bytes | bytearray | memoryview) -> list[SdpMedia]:
    """The media lines of an SDP body, at most 32. Lines that cannot be read are left out; raises nothing."""
    session_address: str | None = None
    session_direction = "sendrecv"
    media: list[SdpMedia] = []
    for raw in bytes(octets[:MAX_SDP_OCTETS]).replace(b"\r\n", b"\n").split(b"\n"):
        text = raw.decode("utf-8", "replace")
        if len(text) < 2 or text[1] != "=":
            continue
        kind, value = text[0], text[2:].strip()
        if kind == "m":
            if len(media) == MAX_MEDIA_LINES:
                break
            if (line := _media_line(value, session_address, session_direction)) is not None:
                media.append(line)
        elif kind == "c":
            address = _connection(value)
            if media:
                media[-1] = media[-1]._replace(address=address)
            else:
                session_address = address
        elif kind == "a":
            if media:
                media[-1] = _attribute(media[-1], value)
            elif value in _DIRECTIONS:
                session_direction = value
    return media


def _media_line(value: str, address: str | None, direction: str) -> SdpMedia | None:
    parts = value.split()
    if len(parts) < 4:
        return None
    port = parts[1].partition("/")[0]
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65_535):
        return None
    return SdpMedia(parts[0].lower(), address, int(port), parts[2], tuple(parts[3:67]), (), direction, None)


def _connection(value: str) -> str | None:
    parts = value.split()
    return parts[2].partition("/")[0] if len(parts) >= 3 and parts[0] == "IN" else None


def _attribute(media: SdpMedia, value: str) -> SdpMedia:
    if value in _DIRECTIONS:
        return media._replace(direction=value)
    name, _, rest = value.partition(":")
    first, _, second = rest.strip().partition(" ")
    if not (first.isascii() and first.isdigit() and len(first) <= 5):
        return media
    if name == "rtpmap" and second and int(first) <= 127 and len(media.rtpmap) < 64:
        return media._replace(rtpmap=(*media.rtpmap, (int(first), second.strip())))
    if name == "rtcp" and 0 < int(first) <= 65_535:
        return media._replace(rtcp_port=int(first))
    return media
