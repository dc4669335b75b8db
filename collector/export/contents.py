"""What the content octets of an ETSI record are: which layer they begin with, whatever wrapped them.

A frame is named as in `communications.Packet`: `ip`, `ethernet`, `mms`, or for media of a call the layer that its
frameType says. What nobody can tell the layer of gives nothing. Pure; raises DecodeError for octets that are no
CCPayload.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any, Final

from asn1.recording import Recording
from asn1.ts33128 import decode_cc

IP: Final = "ip"
ETHERNET: Final = "ethernet"
MMS: Final = "mms"
SERVICES: Final = {IP: "DATA", ETHERNET: "DATA", MMS: "MMS"}
"""What a communication is when its content is all that is known; any other frame is of a call."""
ARTIFICIAL: Final = "artificialRtpFrame"
"""TS 102 232-5's word for a frame that nobody sent and that was made to hold what there is."""
_RTP_TYPES: Final = {"PCMU": 0, "PCMA": 8}
_USER_PLANE: Final = {"uPFIPCC": IP, "uPFEthernetCC": ETHERNET}


def frames_of(name: str, value: Any) -> list[tuple[str, bytes]]:  # noqa: ANN401  a value of the tables
    """(frame, octets) of one CCContents alternative."""
    if name == "iPMMCC":
        return [(str(value.get("frameType", "rtpFrame")), value["mMCCContents"])]
    if name == "iPCC":
        form, held = value["iPCCContents"]
        return [(IP, held if form == "iPPackets" else held["truncatedPacket"])]
    if name != "threeGPP33128DefinedCC":
        return []
    form, held = decode_cc(value)
    if form == "uPFCCPDU":
        return [(IP, held)]
    if form == "mMSCCPDU":
        return [(MMS, held["mMSContent"])]
    if form == "extendedUPFCCPDU":
        layer, octets = held["payload"]
        return [(_USER_PLANE[layer], octets)] if layer in _USER_PLANE else []
    return []


def frame_of_recording(recording: Recording) -> tuple[str, bytes]:
    """A piece of a covert recording as one frame of RTP, so that what plays a call plays it."""
    stream = zlib.crc32(f"{recording.device}/{recording.recording}".encode())
    timestamp = recording.begins_us * 8 // 1000 & 0xFFFFFFFF
    head = struct.pack(">BBHII", 0x80, _RTP_TYPES[recording.sound.code], recording.piece & 0xFFFF, timestamp, stream)
    return ARTIFICIAL, head + recording.sound.octets
