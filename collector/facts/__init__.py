"""What the gate needs to know of a record, and what a pen register may keep of it.

One careful look at a decoded payload gives `RecordFacts`: who takes part, which service, what of it is content. ETSI
records come through `facts_of`, those of the US dialects through `facts_of_laes`; both fill the same allow-list of
permitted fields. A covert recording (`facts_of_recording`) has none: all of it is content. Nothing is decided here.
Raises DecodeError and nothing else, for any record.
"""

from collector.facts.etsi import CC_SERVICES, facts_of
from collector.facts.laes import facts_of_laes
from collector.facts.record import Digits, RecordFacts
from collector.facts.recording import COVERT_AUDIO, facts_of_recording
from collector.facts.sip_values import LOCATION_SIP_HEADERS, PLAIN_SIP_HEADERS

__all__ = (
    "CC_SERVICES",
    "COVERT_AUDIO",
    "LOCATION_SIP_HEADERS",
    "PLAIN_SIP_HEADERS",
    "Digits",
    "RecordFacts",
    "facts_of",
    "facts_of_laes",
    "facts_of_recording",
)
