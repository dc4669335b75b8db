"""The mediation function's configuration: every bound refused in one sentence that names the key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from asn1.handover import HandoverConfig
from mediation.config import MediationConfig
from mediation.runtime.config import PLAIN_WORDS, ConfigError, load_config

MINIMUM: dict[str, Any] = {
    "data_dir": "data",
    "court_public_key": "court.pub",
    "x1_plain": PLAIN_WORDS,
    "x1_url": "http://127.0.0.1:1/X1/NE",
    "ne_id": "ne-1",
    "admf_id": "admf-1",
    "hi2": {"port": 1},
    "hi3": {"port": 2},
    "network_functions": {"ims-1": "voice"},
}


def config(**changes: Any) -> MediationConfig:
    return MediationConfig.model_validate(MINIMUM | changes)


def test_the_minimum_is_enough_and_everything_listens_on_loopback() -> None:
    one = config()
    for listen in (one.x2_listen, one.x3_listen, one.control):
        assert listen.host == "127.0.0.1" and listen.port == 0 and listen.tls is None
    assert one.hi2.peers[0].host == one.hi3.peers[0].host == "127.0.0.1"
    assert one.inbox == Path("data/hi1-inbox")
    assert config(hi1_inbox="elsewhere").inbox == Path("elsewhere")


def test_no_fault_is_on_unless_it_is_configured() -> None:
    assert not any(config().faults.model_dump().values())


@pytest.mark.parametrize("name", MINIMUM)
def test_every_key_of_the_minimum_is_needed(name: str) -> None:
    with pytest.raises(ValidationError, match=name):
        MediationConfig.model_validate({key: value for key, value in MINIMUM.items() if key != name})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hi2", {"port": 0}),
        ("hi2", {"port": 65_536}),
        ("hi2", {}),
        ("x2_listen", {"host": "0.0.0.0"}),
        ("x3_listen", {"host": "192.0.2.1"}),
        ("control", {"host": "::"}),
        ("control", {"host": "intercept.invalid"}),
        ("control", {"host": "0.0.0.0", "exposed": "yes"}),
        ("authorization_country", "us"),
        ("authorization_country", "USA"),
        ("delivery_country", ""),
        ("operator_id", ""),
        ("operator_id", "x" * 17),
        ("network_element_id", "x" * 17),
        ("network_functions", {"ims-1": "telepathy"}),
        ("handover", {"time1_s": 0}),
        ("handover", {"time3_s": -1}),
        ("handover", {"time1_s": 86_401}),
        ("handover", {"ack_every_records": 0}),
        ("handover", {"ack_every_records": 65_537}),
        ("handover", {"ack_after_ms": 0}),
        ("handover", {"time2_s": 5}),
        ("journal", {"capacity_octets": (1 << 20) - 1}),
        ("journal", {"file_octets": 1}),
        ("faults", {"window_slack_s": {"LAB-1": "soon"}}),
        ("faults", {"explode": True}),
        ("faults", {"swap": {"LAB-1": 2}}),
        ("faults", {"cut": ["hi1"]}),
        ("activation", {"mode": "standing", "employee": " "}),
        ("activation", {"mode": "automatic"}),
        ("reconnect_s", 0),
        ("clock", {"factor": 0}),
        ("surprise", 1),
    ],
)
def test_a_wrong_value_is_refused_and_the_key_is_named(key: str, value: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        config(**{key: value})
    assert caught.value.errors()[0]["loc"][0] == key


def test_listening_beyond_loopback_takes_the_words() -> None:
    words = "yes, reachable from other machines"
    assert config(x2_listen={"host": "0.0.0.0", "exposed": words}).x2_listen.exposed == words


def test_configuration_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValidationError):
        config().operator_id = "OTHER"


def test_the_handover_gets_its_times_in_microseconds_and_its_names_in_octets() -> None:
    one = config(
        operator_id="SIMOP", network_element_id="med-7", authorization_country="DE", delivery_country="FR",
        handover={"time1_s": 1.5, "time3_s": 0.25, "negotiate": False, "keepalive_barrier": False,
                  "ack_every_records": 7, "ack_after_ms": 3},
    ).handover_config()  # fmt: skip
    assert one == HandoverConfig(
        time1_us=1_500_000, time3_us=250_000, negotiate=False, keepalive_barrier=False, ack_every_records=7,
        ack_after_us=3000, operator_id=b"SIMOP", network_element_id=b"med-7", authorization_country="DE",
        delivery_country="FR",
    )  # fmt: skip


def test_a_file_is_read_and_a_wrong_one_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "mediation.toml"
    text = """
        data_dir = "data"
        court_public_key = "court.pub"
        x1_plain = "yes, plain HTTP on loopback for a test"
        x1_url = "http://127.0.0.1:1/X1/NE"
        ne_id = "ne-1"
        admf_id = "admf-1"
        [hi2]
        port = 1
        [hi3]
        port = 2
        [network_functions]
        ims-1 = "voice"
        """
    path.write_text(text)
    assert load_config(path, MediationConfig) == config()
    path.write_text(text.replace("port = 2", "port = 0"))
    with pytest.raises(ConfigError) as caught:
        load_config(path, MediationConfig)
    assert str(path) in str(caught.value) and "hi3.peers.0.port" in str(caught.value) and "\n" not in str(caught.value)


def test_a_standing_activation_has_a_name_and_a_manual_one_needs_none() -> None:
    assert config().activation.mode == "standing" and config().activation.employee
    assert config(activation={"mode": "manual", "employee": ""}).activation.mode == "manual"
