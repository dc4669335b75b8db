"""What a configuration says of a fleet, and what of it is refused before anything is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from collector.config import CollectorConfig
from mediation.runtime.config import ConfigError, load_config

URL = "postgresql://lab@127.0.0.1:5433/calea"
ALONE = """
data_dir = "collector"
court_public_key = "court.pub"
[[links]]
name = "hi2-1"
"""


def _config(directory: Path, **fleet: Any) -> CollectorConfig:
    said = "\n".join(f"{key} = {value!r}" for key, value in fleet.items())
    path = directory / "collector.toml"
    path.write_text(f"{ALONE}[fleet]\n{said}\n" if fleet else ALONE)
    return load_config(path, CollectorConfig)


def test_without_the_table_a_collector_is_the_only_one(tmp_path: Path) -> None:
    config = _config(tmp_path)
    assert config.fleet is None
    assert config.database_url.startswith("sqlite:")


def test_a_shard_has_its_index_in_the_fleets_database(tmp_path: Path) -> None:
    config = _config(tmp_path, database_url=URL, shard="collector-1", advertise={})
    assert config.fleet is not None
    assert (config.fleet.lease_s, config.fleet.hold_ms) == (3.0, 250)
    assert config.database_url == f"{URL}?schema=index_collector-1"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"database_url": "sqlite:///marks.sqlite"}, "shares a PostgreSQL"),
        ({"database_url": "postgresql://lab@203.0.113.7/calea"}, "closed network"),
        ({"database_url": "postgresql://lab:hunter2@127.0.0.1/calea"}, "no secret stands in a configuration"),
        ({"shard": "two words"}, "fleet.shard"),
        ({"shard": "x" * 33}, "fleet.shard"),
        ({"lease_s": 0.5, "hold_ms": 500}, "dead shard"),
    ],
)
def test_what_makes_no_fleet_is_refused(tmp_path: Path, said: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        _config(tmp_path, **({"database_url": URL, "shard": "a"} | said))
