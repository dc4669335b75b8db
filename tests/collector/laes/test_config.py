"""Links of the US dialects in the configuration: what is taken, and nonsense that is refused with words."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pydantic import ValidationError

from collector.config import CollectorConfig, LinkConfig
from collector.links import link_state
from mediation.law.settings import DEFAULTS

CDC: dict[str, Any] = {"name": "cdc", "dialect": "t1678", "group": "us"}
CCC: dict[str, Any] = {"name": "ccc", "dialect": "t1678", "transport": "udp", "ccc": "apdu", "group": "us"}
TLS = {"tls": {"certificate": "a", "key": "b", "ca": "c"}}


def test_a_link_s_terms_are_what_its_configuration_says() -> None:
    link = LinkConfig.model_validate(
        {**CCC, "ccc": 12, "hold": {"octets": 5, "seconds": 0.5}, "policy": {"arrival_stamps": True}}
    )
    terms = link_state(link, DEFAULTS, False).laes
    assert terms is not None and (terms.dialect, terms.ccc, terms.group) == ("t1678", 12, "us")
    assert (terms.hold_octets, terms.hold_us, terms.arrival_stamps) == (5, 500_000, True)
    assert link_state(LinkConfig(name="hi2"), DEFAULTS, False).laes is None
    alone = link_state(LinkConfig(name="alone", dialect="ias"), DEFAULTS, False).laes
    assert alone is not None and alone.group == "alone"


def test_a_silent_connection_of_a_dialect_without_keep_alives_is_closed_only_where_that_is_said() -> None:
    assert LinkConfig(name="hi2").silence_s == 900
    assert LinkConfig.model_validate(CDC).silence_s == math.inf
    assert LinkConfig.model_validate({**CDC, "idle_s": 60}).silence_s == 60


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ({"dialect": "etsi", "transport": "udp"}, "not for etsi"),
        ({"dialect": "etsi", "group": "us"}, "not for etsi"),
        ({"dialect": "etsi", "policy": {"arrival_stamps": True}}, "not for etsi"),
        ({**CDC, "ccc": 4}, "leave it out"),
        ({**CDC, "sequence_scope": "liid"}, "are for etsi links"),
        ({**CCC, "ccc": None}, "a udp link needs ccc"),
        ({**CCC, "ccc": 8}, "Input should be"),
        ({**CCC, "ccc": "apdu", "dialect": "pcesp"}, "pcesp has no CC-APDU"),
        ({**CCC, "group": None}, "a udp link needs a group"),
        ({**CCC, "listen": TLS}, "no TLS on udp"),
        ({**CDC, "group": "a b"}, "should match pattern"),
    ],
)
def test_a_link_that_makes_no_sense_is_refused_with_words(link: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        LinkConfig.model_validate({"name": "x"} | link)


@pytest.mark.parametrize("cdc", [{**CDC, "group": "other"}, {**CDC, "dialect": "ias"}])
def test_content_that_nobody_could_announce_is_refused(cdc: dict[str, Any]) -> None:
    values = {"data_dir": "x", "court_public_key": "y", "links": [cdc, CCC]}
    with pytest.raises(ValidationError, match="nobody could announce"):
        CollectorConfig.model_validate(values)
    assert CollectorConfig.model_validate(values | {"links": [CDC, CCC]}).links[1].ccc == "apdu"
