"""What is written of a masked record is what the library writes, octet by octet, on both paths."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector import json_text
from mediation.law.orders import Service
from mediation.law.verdicts import Reason

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.text()
    | st.sampled_from(["", "\x00\x1f\x7f", '"\\/', "\u2028é\U0001f600"])
    | st.sampled_from([Service.SMS, Reason.OK]) | st.floats(allow_nan=False)
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=6), inner, max_size=4)
        | st.dictionaries(st.integers(), inner, max_size=2)
    ),
    max_leaves=12,
)


@pytest.fixture(params=["compiled", "interpreted"], scope="module")
def writer(request: pytest.FixtureRequest, interpreted_twin: Any) -> ModuleType:
    if request.param == "interpreted":
        twin: ModuleType = interpreted_twin("collector.json_text")["collector.json_text"]
        return twin
    if not json_text.COMPILED:
        pytest.fail("collector.json_text not compiled: run make, which builds it", pytrace=False)
    return json_text


@settings(max_examples=300, deadline=None)
@given(value=st.dictionaries(st.text(max_size=8), VALUES, max_size=6))
def test_the_octets_are_the_librarys(writer: ModuleType, value: dict[str, Any]) -> None:
    assert writer.canonical(value) == json_text.reference(value)


def test_what_no_json_can_say_and_what_is_very_deep_is_the_librarys_to_judge(writer: ModuleType) -> None:
    with pytest.raises(TypeError):
        writer.canonical({"octets": b"x"})
    deep: Any = 1
    for _ in range(40):
        deep = [deep]
    assert writer.canonical({"deep": deep}) == json_text.reference({"deep": deep})
    with pytest.raises(UnicodeEncodeError):
        writer.canonical({"half": "\ud800"})
