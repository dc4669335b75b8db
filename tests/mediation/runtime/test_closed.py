"""R-078: what lies inside the closed network, and that no configuration leads out of it by mistake."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from collector.config import CollectorConfig
from collector.reconcile.config import ElementConfig
from mediation.config import MediationConfig
from mediation.runtime.closed import OUTSIDE_WORDS, check_host, check_url, may_connect
from mediation.runtime.config import PLAIN_WORDS, Peer

INSIDE = [
    "localhost", "127.0.0.1", "127.255.255.255", "::1", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.0.1", "fd00::1", "fe80::1", "fe80::1%lo",
]  # fmt: skip
OUTSIDE = [
    "8.8.8.8", "192.0.2.1", "203.0.113.9", "172.15.255.255", "172.32.0.1", "192.169.0.1", "11.0.0.1", "100.64.0.1",
    "0.0.0.0", "255.255.255.255", "224.0.0.1", "::", "2001:db8::1", "::ffff:8.8.8.8", "ff02::1", "fec0::1",
    "lemf.invalid", "localhost.invalid", "LOCALHOST", "127.0.0.1.invalid", "127.1", "2130706433", "0x7f000001", "",
    " 127.0.0.1",
]  # fmt: skip
TLS = {"certificate": "c.pem", "key": "c.key", "ca": "ca.pem"}
MEDIATION: dict[str, Any] = {
    "data_dir": "data",
    "court_public_key": "court.pub",
    "x1_plain": PLAIN_WORDS,
    "x1_url": "http://127.0.0.1:1/X1/NE",
    "ne_id": "ne-1",
    "admf_id": "admf-1",
    "hi2": {"port": 1},
    "hi3": {"port": 2},
    "network_functions": {},
}


@pytest.mark.rule("R-078", "R-078.2")
@pytest.mark.parametrize("host", INSIDE)
def test_loopback_private_and_link_local_addresses_are_inside(host: str) -> None:
    assert may_connect(host) and check_host(host) == host


@pytest.mark.rule("R-078", "R-078.2")
@pytest.mark.parametrize("host", OUTSIDE)
def test_every_other_address_and_every_name_is_outside(host: str) -> None:
    assert not may_connect(host)
    with pytest.raises(ValueError, match="R-078"):
        check_host(host)
    with pytest.raises(ValueError, match="R-078"):
        check_host(host, "yes")
    assert check_host(host, OUTSIDE_WORDS) == host


@pytest.mark.rule("R-078", "R-078.2")
@pytest.mark.parametrize(
    "url",
    [
        "http://203.0.113.9/X1", "https://element.invalid:8443/X1", "http://127.0.0.1@203.0.113.9/X1",
        "http://[2001:db8::1]:80/", "http://user:127.0.0.1@8.8.8.8", "postgresql://desk@db.invalid/calea",
        "postgresql:///calea?host=203.0.113.9", "postgresql:///calea?host=/run/pg,203.0.113.9",
        "postgresql://127.0.0.1/calea?hostaddr=8.8.8.8", "postgresql:///calea?host=db.invalid:5432",
    ],
)  # fmt: skip
def test_attack_a_url_that_leads_out(url: str) -> None:
    with pytest.raises(ValueError, match="R-078"):
        check_url(url)
    assert check_url(url, OUTSIDE_WORDS) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/X1", "http://[::1]:1/X1", "sqlite:////var/index.sqlite", "sqlite:///index.sqlite",
        "postgresql:///calea", "postgresql:///calea?host=/run/postgresql", "postgresql://desk@127.0.0.1/calea",
        "postgresql:///calea?host=127.0.0.1:5432,::1",
    ],
)  # fmt: skip
def test_a_url_that_stays_inside_or_names_no_host(url: str) -> None:
    assert check_url(url) == url


def test_a_url_with_a_port_and_no_host_names_nobody() -> None:
    with pytest.raises(ValueError, match="names no host"):
        check_url("http://:80/X1")


@pytest.mark.rule("R-078", "R-078.2")
def test_no_configuration_leads_out_by_mistake_and_each_may_in_words() -> None:
    for model, values, key, words in (
        (Peer, {"port": 1, "host": "203.0.113.9"}, "", {"outside": OUTSIDE_WORDS}),
        (
            MediationConfig,
            MEDIATION | {"x1_url": "https://203.0.113.9/X1", "x1_tls": TLS},
            "",
            {"x1_outside": OUTSIDE_WORDS},
        ),
        (MediationConfig, MEDIATION | {"hi2": {"port": 1, "host": "lemf.invalid"}}, "hi2", {"outside": OUTSIDE_WORDS}),
        (
            ElementConfig,
            {"url": "https://203.0.113.9/X1", "ne_id": "n", "admf_id": "a", "tls": TLS},
            "",
            {"outside": OUTSIDE_WORDS},
        ),
    ):
        with pytest.raises(ValidationError, match="R-078"):
            model.model_validate(values)
        said = values | ({key: values[key] | words} if key else words)
        model.model_validate(said)
    with pytest.raises(ValidationError, match="R-078"):
        CollectorConfig.model_validate(
            {
                "data_dir": "data",
                "court_public_key": "court.pub",
                "links": [{"name": "a"}],
                "index_url": "postgresql://desk@db.invalid/calea",
            }
        )
