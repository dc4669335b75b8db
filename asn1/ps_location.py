"""The Location of TS 102 232-1 that its parts 3 and 5 share: one field for each family of access networks."""

from __future__ import annotations

from typing import Final

from asn1.hi2_types import ETSI671_HI2_LOCATION
from asn1.table import UNDESCRIBED, Field, OctetString, Sequence
from asn1.ts33108_eps import EPS_LOCATION
from asn1.ts33108_types import UMTS_HI2_LOCATION
from asn1.ts33128_cells import USER_LOCATION

WLAN_LOCATION_ATTRIBUTES: Final = Sequence(
    "WlanLocationAttributes",
    (Field(0, "wlanAPMACAddress", OctetString("OCTET STRING (SIZE (6))", 6, 6), optional=True),),
)
LOCATION: Final = Sequence(
    "Location",
    (
        Field(0, "umtsHI2Location", UMTS_HI2_LOCATION, optional=True),
        Field(1, "epsLocation", EPS_LOCATION, optional=True),
        Field(2, "wlanLocationAttributes", WLAN_LOCATION_ATTRIBUTES, optional=True),
        Field(3, "eTSI671HI2Location", ETSI671_HI2_LOCATION, optional=True),
        Field(4, "threeGPP33128UserLocation", USER_LOCATION, optional=True),
        Field(5, "cPEProvidedLocationAttributes", UNDESCRIBED, optional=True),
    ),
)
