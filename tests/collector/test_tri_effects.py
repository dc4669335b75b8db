"""What a segment behind the first may be taken for."""

import pytest

from asn1.segments import FIRST, LAST, Run
from collector.facts import RecordFacts
from collector.link_handover import LinkHandover
from collector.tri_effects import segment_facts
from mediation.law.orders import Service

STREAM = (b"L", 1, 0)
FACTS = RecordFacts("L", 1, 0, "cc", "threeGPP33128DefinedCC", None, Service.DATA, 5, None, 5)


@pytest.fixture
def opened() -> LinkHandover:
    """A link on which a content of TS 33.128 has begun with record 0."""
    handover = LinkHandover()
    assert handover.flag(FIRST, *STREAM, 0) is None
    assert segment_facts(handover, FACTS, *STREAM) == FACTS
    return handover


def test_what_cannot_be_read_of_a_later_segment_is_the_first_ones(opened: LinkHandover) -> None:
    later = FACTS._replace(number=1, service=None)
    assert segment_facts(opened, later, *STREAM).service is Service.DATA
    assert opened.flag(LAST, *STREAM, 1) == Run(0, 1)
    assert segment_facts(opened, later._replace(number=2), *STREAM).service is None, "the content is over"


@pytest.mark.parametrize(
    "later",
    [
        FACTS._replace(number=1, service=Service.MMS),
        FACTS._replace(number=1, service=None, payload="emailCC"),
        FACTS._replace(number=0, service=None),
        FACTS._replace(number=70_000, service=None),
    ],
)
def test_attack_anything_else_stays_what_it_is(opened: LinkHandover, later: RecordFacts) -> None:
    assert segment_facts(opened, later, *STREAM) == later
    assert segment_facts(LinkHandover(), later, *STREAM) == later
