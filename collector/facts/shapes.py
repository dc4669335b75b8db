"""Shapes of what may be kept as an identity, a name or digits; what has another may be words, and is withheld.

An identity has no blanks, a name no figures, digits nothing else: a sentence fits none of them. Every pattern is
anchored and takes time in proportion to the text.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final, NamedTuple
from urllib.parse import unquote

from asn1 import packets, sip
from mediation.law.orders import Target, TargetKind, normalise_e164


def word_set(text: str) -> frozenset[str]:
    """The words of a list that is written as one text."""
    return frozenset(text.split())


_IDENTIFIER: Final = re.compile(r"[!-~]{1,128}")
_NAI: Final = re.compile(r"[A-Za-z0-9._+%=~-]{1,128}(?:@[A-Za-z0-9.-]{1,128})?")
_NAME: Final = re.compile(r"[^\W\d_][^\W\d_ .'’-]*(?:[ .'’-]{1,2}[^\W\d_]+){0,4}[.]?")
_DIAL: Final = re.compile(r"\+?[0-9*#() .-]{1,32}")
_DIALLED: Final = re.compile(r"\+?[0-9*#() .,;pwtPWT-]{1,64}")
_USER: Final = re.compile(r"[A-Za-z0-9.!~*'()&=+$/#_-]{1,64}")
_HOST: Final = re.compile(r"(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,253})(?::[0-9]{1,5})?")
_TEL: Final = re.compile(r"\+?[0-9A-Da-d*#().-]{1,32}")
_COMMON: Final = re.compile(r"sips?:\+?[0-9]{3,15}@[a-z0-9.-]{1,253}|tel:\+[0-9]{3,15}")
"""The addresses that most messages have; they are their own identity."""
_OTHER_URI: Final = re.compile(
    r"(?:im|pres|mailto):[A-Za-z0-9._+~-]{1,64}@[A-Za-z0-9.-]{1,253}|urn:[a-z0-9:.-]{1,128}", re.I
)
_PARAMETER: Final = re.compile(r"[A-Za-z0-9.+-]{1,64}")
_VALUE: Final = re.compile(r"[A-Za-z0-9.:+*%_~\[\]-]{1,128}")
_MAYBE_APPENDED: Final = re.compile(r"postd|[0-9)]\s*[,;pwtPWT][,;pwtPWT]*[0-9*#]")
_PAUSED: Final = re.compile(r"\+?[0-9().-]{3,32}[,;pwtPWT]+[0-9*#,;pwtPWT]+")
_VERTICAL: Final = re.compile(r"[*#]{1,2}[0-9]{2,3}#?|11[0-9]{2}")
_PREFIX: Final = re.compile(r"(?:\*[0-9]{2,3})?(?:101[0-9]{4})?")

MAX_NAME: Final = 48
"""Of a generic name in the US dialects."""
URI_PARAMETERS: Final = word_set(
    "user transport lr maddr ttl method gr ob phone-context npdi rn cic cpc oli tgrp trunk-context comp cause"
)
DIGIT_PARAMETERS: Final = frozenset({"postd"})


class Uri(NamedTuple):
    """An address as it may be kept. `identity`: without parameters and port, None where it has no known shape;
    `wrong`: what else is in it, by the name of the item; `appended`: digits to be sent once the call is up."""

    identity: str | None
    wrong: tuple[str, ...]
    appended: bool


def is_identifier(text: object) -> bool:
    return isinstance(text, str) and _IDENTIFIER.fullmatch(text) is not None


def is_nai(text: object) -> bool:
    return isinstance(text, str) and _NAI.fullmatch(text) is not None


def is_name(text: object) -> bool:
    """What a handset shows of a person: letters in at most five words. Anything longer, or with figures, is text."""
    if not isinstance(text, str) or len(text) > MAX_NAME or _NAME.fullmatch(text.strip()) is None:
        return False
    # \w has figures that \d has not, such as a raised two.
    return not any(letter.isnumeric() for letter in text)


def is_dial_string(text: object) -> bool:
    return isinstance(text, str) and _DIAL.fullmatch(text) is not None


def is_dialled(text: object) -> bool:
    """Digits with the pauses that a telephone writes between them."""
    return isinstance(text, str) and _DIALLED.fullmatch(text) is not None


def is_feature_code(digits: str) -> bool:
    """A vertical service code of the North American plan: *66, #31, 1169."""
    return _VERTICAL.fullmatch(digits) is not None


def is_host(text: object) -> bool:
    return isinstance(text, str) and _HOST.fullmatch(text) is not None


def appended_digits(dialled: str, called: str | None) -> bool:
    """Whether digits with which a call was asked for go on behind the number: a pause, more than any number has, or
    more than the number that was called."""
    text = re.sub(r"[() .-]", "", dialled)
    if not re.fullmatch(r"[0-9*#+]{1,40}", text):
        return True
    if is_feature_code(text):
        return False
    bare = text[len(found.group(0)) :] if (found := _PREFIX.match(text)) and len(text) > 11 else text
    bare = re.sub(r"^\*[0-9]{2,3}", "", bare).removesuffix("#")
    if not re.fullmatch(r"\+?[0-9]*", bare):
        return True
    if called is not None and (number := normalise_e164(called)) is not None:
        national = number.removeprefix("1")
        for whole in (number, "+" + number, national, "0" + national, "011" + number):
            if bare == whole:
                return False
        if any(bare.startswith(whole) for whole in (number, "+" + number, national)):
            return True
    if bare.startswith("+"):
        return len(bare) > 16
    if bare.startswith(("011", "01", "00")):
        return len(bare) > 18
    return len(bare) > (11 if bare[:1] in ("0", "1") else 10)


def uri_of(text: str) -> Uri:
    """An address taken apart by its scheme. The headers part, from the question mark on, is for the caller to see."""
    if _COMMON.fullmatch(text):
        return Uri(text, (), False)
    text = text.partition("?")[0].strip()
    scheme, _, rest = text.partition(":")
    scheme = scheme.lower()
    if scheme in ("sip", "sips"):
        return _sip_uri(scheme, rest)
    if scheme == "tel":
        number, *parameters = rest.split(";")
        wrong, appended = _parameters(parameters)
        if _PAUSED.fullmatch(number):
            return Uri(None, wrong, True)
        known = _TEL.fullmatch(number) is not None
        return Uri(f"tel:{number}" if known else None, wrong if known else (*wrong, "uri_user"), appended)
    address, *parameters = text.split(";")
    known = _OTHER_URI.fullmatch(address) is not None
    wrong, appended = _parameters(parameters)
    return Uri(address if known else None, wrong if known else (*wrong, "uri_scheme"), appended)


def _sip_uri(scheme: str, rest: str) -> Uri:
    userinfo, at, hostpart = rest.rpartition("@")
    host, *parameters = hostpart.split(";")
    user, *more = userinfo.split(";")
    user = unquote(user)
    wrong, appended = _parameters([*more, *parameters])
    if _PAUSED.fullmatch(user):
        return Uri(None, wrong, True)
    if _HOST.fullmatch(host) is None or (at and _USER.fullmatch(user) is None):
        return Uri(None, (*wrong, "uri_user"), appended)
    return Uri(sip.canonical_uri(f"{scheme}:{user}{at}{host}"), wrong, appended)


def _parameters(parameters: list[str]) -> tuple[tuple[str, ...], bool]:
    wrong, appended = False, False
    for one in parameters:
        name, equals, value = one.partition("=")
        name = name.strip().lower()
        if name in DIGIT_PARAMETERS:
            appended = True
        elif name not in URI_PARAMETERS or (equals and _VALUE.fullmatch(value.strip()) is None):
            wrong = True
    return (("uri_parameters",) if wrong else ()), appended


def may_append_digits(text: str) -> bool:
    """A quick look: false means that no address in the text has digits behind its number."""
    return _MAYBE_APPENDED.search(text) is not None


def number_target(digits: str | None) -> frozenset[Target]:
    return frozenset({Target(TargetKind.E164, digits)}) if digits else frozenset()


def number_targets(text: str) -> frozenset[Target]:
    """The E.164 number that a dialling string is, if it is one."""
    return number_target(normalise_e164(text))


def is_imsi(text: object) -> bool:
    return isinstance(text, str) and text.isascii() and text.isdigit() and 6 <= len(text) <= 15


def imsi_target(text: object) -> frozenset[Target]:
    return frozenset({Target(TargetKind.IMSI, text)}) if isinstance(text, str) and is_imsi(text) else frozenset()


def is_equipment(value: object) -> bool:
    """IMEI or IMEISV in digits, or a hardware address in octets."""
    if isinstance(value, str):
        return value.isascii() and value.isdigit() and len(value) <= 16
    return isinstance(value, bytes) and len(value) <= 8


def uri_targets(uris: tuple[str, ...]) -> frozenset[Target]:
    """Each address as a URI, and as a number where its user is one."""
    found: set[Target] = set()
    for uri in uris:
        found |= number_target(sip.number_of(uri))
        found.add(Target(TargetKind.SIP_URI, sip.canonical_uri(uri).lower()))
    return frozenset(found)


def address_text(octets: bytes) -> str | None:
    """Four or sixteen octets as the shortest text; None for any other count."""
    return packets.address_text(octets) if len(octets) in (4, 16) else None


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def address_target(text: str | None) -> frozenset[Target]:
    if not text:
        return frozenset()
    return frozenset({Target(TargetKind.IPV6 if ":" in text else TargetKind.IPV4, text)})
