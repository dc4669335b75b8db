"""A configuration is right or it is one sentence: which file, which key, what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from asn1.errors import LocalError
from mediation.runtime.config import (
    EXPOSED_WORDS,
    ClockConfig,
    ConfigError,
    Listen,
    Model,
    NotReadyError,
    Peer,
    TlsConfig,
    load_config,
)


class Sample(Model):
    name: str
    listen: Listen = Listen()
    clock: ClockConfig = ClockConfig()


def wrong(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(path, Sample)
    message = str(caught.value)
    assert str(path) in message and message.endswith(".")
    return message


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "process.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_good_file_becomes_its_model(tmp_path: Path) -> None:
    path = write(tmp_path, 'name = "ä"\n[listen]\nhost = "::1"\nport = 7\n[clock]\nfactor = 2\n')
    assert load_config(path, Sample) == Sample(name="ä", listen=Listen(host="::1", port=7), clock=ClockConfig(factor=2))


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    message = wrong(tmp_path / "nowhere.toml")
    assert "No such file" in message and "--config" in message


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    assert "Is a directory" in wrong(tmp_path)


def test_what_is_no_toml_says_where(tmp_path: Path) -> None:
    assert "line 2" in wrong(write(tmp_path, 'name = "x"\nlisten = {{\n'))


def test_octets_that_are_no_text_are_one_sentence_too(tmp_path: Path) -> None:
    path = tmp_path / "process.toml"
    path.write_bytes(b'name = "\xff\xfe"\n')
    assert "UTF-8" in wrong(path)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "name"),
        ("name = 5", "name"),
        ('name = "x"\nsurprise = 1', "surprise"),
        ('name = "x"\n[listen]\nport = 65536', "listen.port"),
        ('name = "x"\n[listen]\nport = -1', "listen.port"),
        ('name = "x"\n[listen]\nprot = 1', "listen.prot"),
        ('name = "x"\n[clock]\nfactor = 10001', "clock.factor"),
        ('name = "x"\n[listen.tls]\ncertificate = "c"', "listen.tls.key"),
    ],
)
def test_a_wrong_key_is_named(tmp_path: Path, text: str, key: str) -> None:
    assert f": {key}: " in wrong(write(tmp_path, text))


def test_of_several_faults_the_first_is_told_and_the_rest_are_counted(tmp_path: Path) -> None:
    assert "(2 more)" in wrong(write(tmp_path, "a = 1\nb = 2"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "localhost"])
def test_loopback_needs_no_words(host: str) -> None:
    assert Listen(host=host).exposed == "no"


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "192.0.2.1", "2001:db8::1", "", "intercept.invalid", "localhost.invalid", "127.0.0.1 ", "0"],
)
def test_port_opened_to_a_network_by_a_typing_error_is_refused(host: str) -> None:
    with pytest.raises(ValidationError, match="is not loopback"):
        Listen(host=host)
    with pytest.raises(ValidationError):
        Listen.model_validate({"host": host, "exposed": "yes"})
    assert Listen.model_validate({"host": host, "exposed": EXPOSED_WORDS}).host == host


def test_a_peer_needs_a_port_that_exists() -> None:
    assert Peer(port=1).host == "127.0.0.1"
    for port in (0, 65_536):
        with pytest.raises(ValidationError):
            Peer(port=port)


def test_values_do_not_change_afterwards() -> None:
    tls = TlsConfig(certificate=Path("c"), key=Path("k"))
    with pytest.raises(ValidationError):
        tls.key = Path("other")


def test_the_two_faults_are_told_apart_and_both_are_ours() -> None:
    assert issubclass(ConfigError, LocalError) and issubclass(NotReadyError, LocalError)
    assert not issubclass(ConfigError, NotReadyError) and not issubclass(NotReadyError, ConfigError)
