"""The tables of GETCSPCONFIG (TS 103 120 V1.23.1 Config schema, dictionaries of TS 103 280), in the schema's order."""

from __future__ import annotations

from typing import Final

from asn1.hi1_messages import (
    CspConfig,
    Dictionary,
    DictionaryWord,
    FormatDefinition,
    FormatDefinitions,
    Targeting,
    WorkflowEndpoint,
)
from asn1.hi1_object_tables import ENTRY, elements
from asn1.hi1_objects import COMMON, CONFIG, CORE, DICTIONARIES
from asn1.hi1_walk import LONG, MOMENT, SHORT, Listed, Record


def _dictionary(name: str) -> str:
    return f"{{{DICTIONARIES}}}{name}"


def _config(name: str) -> str:
    return f"{{{CONFIG}}}{name}"


_WORD: Final = Record(DictionaryWord, elements(DICTIONARIES, ("value", "Value+", SHORT), ("meaning", "Meaning", LONG)))
_DICTIONARY: Final = Record(
    Dictionary,
    elements(
        DICTIONARIES,
        ("owner", "Owner+", SHORT),
        ("name", "Name+", SHORT),
        ("words", "DictionaryEntries+", Listed(_dictionary("DictionaryEntry"), _WORD)),
    ),
)
_FORMAT: Final = Record(
    FormatDefinition,
    elements(
        CONFIG, ("name", "FormatName+", SHORT), ("description", "Description+", LONG), ("regex", "FormatRegex+", LONG)
    ),
)
_FORMATS: Final = Record(
    FormatDefinitions,
    elements(
        CONFIG,
        ("owner", "FormatOwner+", SHORT),
        (
            "formats",
            "TargetFormatTypeDefinitionEntries+",
            Listed(_config("TargetFormatTypeDefinitionEntry"), _FORMAT),
        ),
    ),
)
_ENTRIES: Final = Listed(f"{{{COMMON}}}DictionaryEntry", ENTRY)
_TARGETING: Final = Record(
    Targeting,
    elements(
        CONFIG,
        ("format_name", "FormatName+", SHORT),
        ("format_owner", "FormatOwner+", SHORT),
        ("guidance", "Guidance", LONG),
        ("li_services", "AssociatedLIServiceTypes", _ENTRIES),
        ("ld_requests", "AssociatedLDRequestTypes", _ENTRIES),
        ("ld_subtypes", "AssociatedLDRequestSubtypes", _ENTRIES),
        ("lp_requests", "AssociatedLPRequestTypes", _ENTRIES),
        ("lp_subtypes", "AssociatedLPRequestSubtypes", _ENTRIES),
    ),
)


def _endpoints(kind: str) -> Listed:
    record = Record(
        WorkflowEndpoint,
        elements(
            CONFIG,
            ("workflow", f"{kind}WorkflowEndpoint+", ENTRY),
            ("guidance", "Guidance", LONG),
            ("url", "URL+", LONG),
        ),
    )
    return Listed(_config(f"Supported{kind}WorkflowEndpoint"), record)


CSP_CONFIG: Final = Record(
    CspConfig,
    elements(
        CORE,
        ("last_changed_us", "LastChanged+", MOMENT),
        ("dictionaries", "Dictionaries", Listed(_dictionary("Dictionary"), _DICTIONARY)),
        ("formats", "TargetFormatTypeDefinitions", _FORMATS),
        ("targeting", "TargetingConfigurations+", Listed(_config("TargetingConfiguration"), _TARGETING)),
        ("li_endpoints", "SupportedLIWorkflowEndpoints", _endpoints("LI")),
        ("lp_endpoints", "SupportedLPWorkflowEndpoints", _endpoints("LP")),
        ("ld_endpoints", "SupportedLDWorkflowEndpoints", _endpoints("LD")),
    ),
)
