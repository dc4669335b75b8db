"""Lists of names are written and read as the library does it, whatever is in a name."""

from __future__ import annotations

import json

from hypothesis import example, given
from hypothesis import strategies as st

from collector.store.index_lists import read_list, write_list

TEXT = st.text(st.sampled_from('",\\ []a\u00e9\U0001f600\x00\n') | st.characters(), max_size=6)


@given(st.lists(TEXT, max_size=4))
@example(['", "'])
@example([""])
@example([])
@example(["\\"])
def test_attack_no_name_is_read_as_two(names: list[str]) -> None:
    text = write_list(names)
    assert text == json.dumps(names)
    assert read_list(text) == names
