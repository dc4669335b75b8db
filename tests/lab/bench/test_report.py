"""The page: SIMULATION on it, no script, a table for each picture, nothing from a result taken as markup."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from lxml import etree, html

from lab.bench import svg
from lab.bench.profiles import named
from lab.bench.report import page
from lab.bench.result import put_together
from lab.bench.run import Measured
from lab.bench.search import Limits, Point, search
from lab.cli_bench_search import as_result

Made = Callable[..., Measured]


def _page(measured: Made, **more: object) -> str:
    result = put_together([measured()], {"cpu": "x", "compiled": {"a": True}}, {"pycrate": 12_000})
    result["stages"] = {"scan": {"ns": 40_000, "records": 1000}, "hash": {"ns": 90_000, "records": 1000}}
    return page([{**result, **more}])


def test_every_picture_has_a_table_that_says_the_same(measured: Made) -> None:
    tree = html.fromstring(_page(measured))
    pictures = tree.findall(".//svg")
    assert len(pictures) == 6
    for picture in pictures:
        following = picture.getnext()
        assert following.tag == "details" and following.findall(".//table//td")
        assert picture.get("role") == "img" and picture.get("aria-label")


def test_it_says_simulation_and_runs_nothing(measured: Made) -> None:
    text = _page(measured)
    assert "SIMULATION" in text
    assert "<script" not in text and "http" not in re.sub(r"http-equiv|http://www\.w3\.org/2000/svg", "", text)
    assert "default-src 'none'" in text


def test_markup_in_a_result_is_text(measured: Made) -> None:
    text = _page(measured, profile="<script>alert(1)</script>", environment={"cpu": "<img src=x>"})
    assert "<script" not in text and "<img" not in text
    assert "&lt;script&gt;" in text


def test_a_search_is_drawn_and_tabled() -> None:
    found = search(lambda rate: Point(rate, {"p50": 1.0, "p99": rate / 1000}, 0, rate), Limits(), first_per_s=10_000,
                   highest_per_s=200_000)  # fmt: skip
    result = as_result(named("cc200"), {}, found, Limits(), 0.05, 2, 1.0, {"cpu": "x", "compiled": {}})
    text = page([result])
    assert "Highest rate that held" in text and text.count("<svg") == 1 and "limit 50 ms" in text


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.0, 1.7e6), (3.2, 3.9), (0.0, 0.00021), (5.0, 5.0)])
def test_ticks_are_round_and_within(low: float, high: float) -> None:
    found = svg.ticks(low, high)
    assert found and all(low - 1e-9 <= one <= high + 1e-9 for one in found)
    assert len(found) <= 7


def test_pictures_are_well_formed_whatever_they_hold() -> None:
    for text in (
        svg.lines("a <b> & \"c\"", [svg.Line("<x>", [(0, 0), (1, 5)])], "&", "<"),
        svg.lines("one point", [svg.Line("x", [(3, 0)])], "", ""),
        svg.lines("nothing", [], "", ""),
        svg.bars("bars & more", [("<a>", 3.0), ("b", 0.0)], "ns"),
        svg.bars("none", [], "ns"),
    ):  # fmt: skip
        etree.fromstring(text)
    many = svg.lines("many", [svg.Line("x", [(at, at) for at in range(100_000)])], "", "")
    assert len(many) < 60_000


def test_numbers_are_short() -> None:
    assert [svg.short(one) for one in (0, 0.25, 950, 1500, 2.1e6, 3e9)] == ["0", "0.25", "950", "1.5 k", "2.1 M", "3 G"]
