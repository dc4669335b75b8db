"""Profiles: the names that design section 7 promises, changes that make sense, and words for those that do not."""

from __future__ import annotations

import json

import pytest

from lab.bench.profiles import PROFILES, Profile, Refusal, at_rate, changed, named
from mediation.runtime.config import ConfigError

PROMISED = {
    "cc200", "cc1400", "cc200-tls", "cc1400-tls", "prtt-iri", "cc200-100k-liids", "cc200-5pct-refused",
    "cc200-1k-links", "interpreted", "latency-100k",
}  # fmt: skip


def test_every_promised_profile_is_there_and_makes_sense() -> None:
    assert set(PROFILES) >= PROMISED
    for name in PROFILES:
        assert changed(named(name), {}) == PROFILES[name]


def test_a_profile_survives_its_way_to_the_generator() -> None:
    for profile in PROFILES.values():
        assert Profile.of_fields(json.loads(json.dumps(profile.as_fields()))) == profile


def test_options_change_a_profile_and_nothing_else() -> None:
    found = changed(named("cc200"), {"octets": 300, "tls": True, "liids": None})
    assert (found.octets, found.tls, found.liids, found.name) == (300, True, 8, "cc200")
    assert at_rate(named("cc200-flood"), None).flood == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"octets": 3},
        {"liids": 0},
        {"connections": 100_000},
        {"seconds": 0.0},
        {"rate_per_s": 0},
        {"records": 0},
        {"refused_percent": 95.0},
        {"kind": "tri"},
        {"dialect": "t1678"},
        {"dialect": "pcesp", "kind": "iri"},
        {"octets_of": "frame"},
        {"flood": 1},
        {"kind": "iri", "refused_percent": 5.0},
        {"refused_percent": 5.0, "refusals": ()},
        {"colour": "blue"},
    ],
)
def test_what_makes_no_sense_is_refused_in_words(changes: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"\.$"):
        changed(named("cc200"), changes)


def test_an_unknown_profile_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="cc200"):
        named("cc201")


def test_refusals_have_labels_of_one_length() -> None:
    from lab.bench.records import liid_of, refused_liid

    assert {len(refused_liid(one)) for one in Refusal} == {len(liid_of(0))}
