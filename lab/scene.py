"""What the demonstration plays: four orders, one over T1.678, and the traffic they meet. Data, and nothing that runs.

Times are virtual seconds after the traffic starts; numbers are fictional (+1 NPA 555 01XX).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from lab.kernels import ROOT

CAPTURE: Final = ROOT / "carrier_sim" / "data" / "demo-call.pcap"

PRTT_TARGET: Final = "+12125550101"
WARRANT_TARGET: Final = "+16465550104"
EXPIRING_TARGET: Final = "+17185550103"
US_TARGET: Final = "+19175550120"

PRTT: Final = "O-PRTT"
WARRANT: Final = "O-WARRANT"
EXPIRING: Final = "O-EXPIRING"
US: Final = "O-T1678"

EXPIRES_S: Final = 22.0
"""O-EXPIRING ends here, in the middle of its call: from 6 s to 38 s."""
ENDS_S: Final = 55.0
CARRIER_GOES_ON_S: Final = 3600.0
FAULTS: Final = (
    "On purpose the carrier does wrong twice: it goes on after the end of O-EXPIRING, and it hands over the content of "
    "O-PRTT. The agency's gate refuses the one and masks or refuses the other."
)

CANARY: Final = "CANARY-CONTENT-7731"
"""Stands in messages of the PRTT target only: it may be found nowhere under the data directory."""


def orders(start_us: int) -> list[dict[str, Any]]:
    """The fields of the four court documents for traffic that starts at `start_us`."""
    early_us = start_us - 60_000_000
    return [
        {
            "order_id": PRTT,
            "liid": "LAB-PRTT-1",
            "kind": "PRTT",
            "targets": [PRTT_TARGET],
            "start": early_us,
            "days": 30,
        },
        {
            "order_id": WARRANT,
            "liid": "LAB-EAV-1",
            "kind": "EAVESDROPPING",
            "targets": [WARRANT_TARGET],
            "services": ["VOICE", "SMS", "DATA"],
            "start": early_us,
            "days": 30,
        },
        {
            "order_id": EXPIRING,
            "liid": "LAB-EAV-2",
            "kind": "EAVESDROPPING",
            "targets": [EXPIRING_TARGET],
            "services": ["VOICE", "SMS", "DATA"],
            "start": early_us,
            "end": start_us + round(EXPIRES_S * 1e6),
        },
        {
            "order_id": US,
            "liid": "T1678-EAV-3",
            "kind": "EAVESDROPPING",
            "targets": [US_TARGET],
            "services": ["VOICE", "SMS"],
            "start": early_us,
            "days": 30,
        },
    ]


def faults() -> dict[str, Any]:
    return {"window_slack_s": {"LAB-EAV-2": CARRIER_GOES_ON_S}, "overdeliver_content": ["LAB-PRTT-1"]}


def replay(capture: Path = CAPTURE) -> dict[str, Any]:
    return {"file": str(capture), "at_s": 30.0}


def traffic() -> list[dict[str, Any]]:
    """Calls answered, unanswered, busy and failed, with digits; messages both ways; data sessions; web visits."""
    return [
        # The pen register's target: none of the content may be kept.
        _call(2, PRTT_TARGET, "+16465550105", 9, dtmf="5551#", caller_text=f"Simulation. {CANARY} in speech."),
        _sms(5, PRTT_TARGET, "+17185550102", f"Simulated message {CANARY}"),
        _sms(11, "+17185550102", PRTT_TARGET, f"Simulated answer {CANARY}"),
        _call(16, "+19175550101", PRTT_TARGET, 5, outcome="no_answer"),
        _call(41, PRTT_TARGET, "+19175550109", 2, outcome="not_found"),
        {"kind": "data", "at_s": 20, "subscriber": PRTT_TARGET, "seconds": 12, "packets": 16},
        {"kind": "web", "at_s": 24, "visitors": [PRTT_TARGET, "+19175550102"]},
        # The warrant's target: everything.
        _call(3, WARRANT_TARGET, "+19175550106", 12, dtmf="73"),
        _call(20, "+12125550108", WARRANT_TARGET, 8, ipv6=True, codec="PCMU"),
        _call(33, WARRANT_TARGET, "+19175550107", 4, outcome="busy"),
        _sms(6, WARRANT_TARGET, "+19175550106", "Simulated message: did the parcel arrive?"),
        _sms(12, "+19175550106", WARRANT_TARGET, "Simulated answer: it did. Grüße aus der Übung!"),
        _sms(19, WARRANT_TARGET, "+19175550106", "Good. Meet at the bridge that does not exist.", via="ims"),
        _sms(29, "+19175550106", WARRANT_TARGET, "Understood. This is a simulation."),
        {"kind": "data", "at_s": 8, "subscriber": WARRANT_TARGET, "seconds": 24, "packets": 60},
        # The order that ends in the middle of a call.
        _call(6, EXPIRING_TARGET, "+12125550109", 32),
        _sms(10, EXPIRING_TARGET, "+12125550109", "Simulated message before the order ends"),
        _sms(30, EXPIRING_TARGET, "+12125550109", "Simulated message after the order has ended"),
        # The order over T1.678: a call with keys and a hold, one that is sent on, a message.
        _call(4, US_TARGET, "+12125550121", 9, dtmf="4", hold_at_s=5, hold_s=2),
        _sms(18, US_TARGET, "+12125550121", "Simulated message over T1.678", via="ims"),
        _call(26, "+12125550121", US_TARGET, 5, forward_to="+16465550122", forward="no_answer"),
        # Everybody else: nothing of it may appear anywhere.
        {
            "kind": "background",
            "at_s": 0,
            "seconds": 45,
            "calls": 4,
            "sms": 8,
            "sessions": 3,
            "exclude": [PRTT_TARGET, WARRANT_TARGET, EXPIRING_TARGET, US_TARGET],
        },
    ]


def _call(at_s: float, caller: str, callee: str, seconds: float, **more: object) -> dict[str, Any]:
    return {"kind": "call", "at_s": at_s, "caller": caller, "callee": callee, "seconds": seconds, **more}


def _sms(at_s: float, sender: str, to: str, text: str, **more: object) -> dict[str, Any]:
    return {"kind": "sms", "at_s": at_s, "from": sender, "to": to, "text": text, **more}
