"""What `make bench` measures is what the page of figures reads."""

from __future__ import annotations

from bench import all as everything
from lab.bench.profiles import PROFILES
from tools.performance import BESIDE, TARGETS


def test_every_file_of_the_page_is_measured_by_one_part() -> None:
    names = [everything.name_of(*one) for one in everything.LOADS]
    assert len(names) == len(set(names))
    read = {name for one in TARGETS for name in one.files} | {name for name, _ in BESIDE}
    assert read <= {*names, *everything.SCRIPTS}
    assert {name for name, _ in everything.LOADS} == set(PROFILES)


def test_commands_of_the_page_name_parts_there_are() -> None:
    parts = {*(everything.name_of(*one) for one in everything.LOADS), *everything.SCRIPTS}
    for one in TARGETS:
        if " --only " in one.command:
            assert set(one.command.split(" --only ")[1].split()) <= parts
        elif one.command.startswith("calea-lab bench run "):
            assert one.command.removeprefix("calea-lab bench run ") in PROFILES
