"""E-mail and messaging (TS 102 232-2): who wrote to whom, when, by which protocol, with what success.

Addresses are signalling; a subject, a password, a PIN, the message itself and whatever is free to be any text are
content (prtt.md: e-mail headers to and from are delivered, the subject is withheld). E-mail is network traffic (R-116):
no narrower word of a warrant covers it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from asn1.number_octets import map_number
from collector.facts import party_numbers, shapes
from collector.facts.party_numbers import Identity
from collector.facts.record import RecordFacts, present
from mediation.law.orders import Service, Target

_EMAIL_KEPT: Final = (
    "eventType", "protocol-ID", "status", "client-Port", "server-Port", "client-Octets-Sent", "server-Octets-Sent",
    "total-Recipient-Count", "e-mail-Sender-Validity",
)  # fmt: skip
_EMAIL_KNOWN: Final = frozenset(
    {
        *_EMAIL_KEPT, "emailIRIObjId", "client-Address", "server-Address", "e-mail-Sender", "e-mail-Recipients",
        "message-ID", "aAAInformation",
    }
)  # fmt: skip
_EMAIL_COUNTS: Final = {
    "client-Port": 1 << 16, "server-Port": 1 << 16, "client-Octets-Sent": 1 << 64, "server-Octets-Sent": 1 << 64,
}  # fmt: skip
"""Numbers that the module leaves open, and where one ceases to be what its name says."""
_SECRETS: Final = frozenset({"password", "challenge", "response"})
_OWN_CLIENT: Final = frozenset(
    {
        "e-mail-send", "e-mail-upload", "e-mail-download", "e-mail-partial-download", "e-mail-logon-attempt",
        "e-mail-logon", "e-mail-logon-failure", "e-mail-logoff",
    }
)  # fmt: skip
"""Events in which the client is the user's own machine; on a receipt it is the server that hands the mail over."""
_TRANSFERS: Final = frozenset({"e-mail-send", "e-mail-receive"})


def read_email(facts: RecordFacts, value: dict[str, Any]) -> RecordFacts:
    event = value["eventType"]
    content = list(facts.content)
    originators: set[Target] = set()
    recipients: set[Target] = set()
    kept: list[tuple[str, Any]] = [
        (name, value.get(name))
        for name in _EMAIL_KEPT
        if name not in _EMAIL_COUNTS or _is_count(name, value.get(name, 0))
    ]
    if set(value) - _EMAIL_KNOWN or not all(_is_count(name, value.get(name, 0)) for name in _EMAIL_COUNTS):
        content.append("undescribed_fields")
    senders = [value["e-mail-Sender"]] if value.get("e-mail-Sender") else []
    for name, texts, side in (("from", senders, originators), ("to", value.get("e-mail-Recipients", []), recipients)):
        found = [party_numbers.nai(text) for text in texts]
        side |= {target for _, targets in found for target in targets}
        kept.append((name, [text for text, _ in found if text is not None]))
        if any(text is None for text, _ in found):
            content.append("party_text")
    for name in ("client-Address", "server-Address"):
        if name in value:
            text, targets = party_numbers.address(value[name])
            kept.append((name, text))
            if text is None:
                content.append("party_text")
            elif name == "client-Address" and event in _OWN_CLIENT:
                originators |= targets
    if "aAAInformation" in value:
        user, known, plain = _logon(value["aAAInformation"])
        originators |= known
        kept.append(("user", user))
        content += [] if plain else ["email_credentials"]
    if "message-ID" in value:
        text, _ = party_numbers.token(value["message-ID"])
        kept.append(("message-ID", text))
        content += [] if text is not None else ["email_text"]
    parties = frozenset(originators | recipients)
    return facts._replace(
        service=Service.DATA,
        originators=frozenset(originators),
        recipients=frozenset(recipients),
        parties=parties,
        parties_known=bool(parties),
        opens=event in _TRANSFERS,
        content=tuple(dict.fromkeys(content)),
        permitted=present(kept),
    )


def _is_count(name: str, value: int) -> bool:
    return 0 <= value < _EMAIL_COUNTS[name]


def _logon(value: tuple[str, Any]) -> tuple[str | None, frozenset[Target], bool]:
    """The user that logs on, and whether that is all there is."""
    form, held = value
    if form.startswith("["):
        return None, frozenset(), False
    text, targets = party_numbers.nai(held["username"])
    return text, targets, text is not None and _SECRETS.isdisjoint(held)


_MESSAGING_KEPT: Final = ("system-type", "status", "trigger", "event-identifier", "total-recipient-count")
_MESSAGING_KNOWN: Final = frozenset(
    {
        *_MESSAGING_KEPT, "messaging-iri-obj-id", "system-identifier", "box-identifier", "category",
        "party-information", "properties", "original-message",
    }
)  # fmt: skip
_CATEGORIES: Final = frozenset({"message", "message-box", "message-notification", "call"})
_SIDES: Final = {"originating-party": "from", "terminating-party": "to"}
_PROPERTIES: Final = frozenset(
    {
        "priority", "greeting-type", "notification-type", "message-status", "requested-reports", "expires",
        "message-date",
    }
)  # fmt: skip
_WORDS: Final = {
    "pincode": "messaging_credentials",
    "password": "messaging_credentials",
    "subject": "messaging_subject",
}
_NOTIFICATIONS: Final = {
    "sms": Service.SMS, "sms-deposit": Service.SMS, "sms-slamdown": Service.SMS, "sms-pin-reminder": Service.SMS,
    "mms": Service.MMS, "email": Service.DATA, "fax-to-email": Service.DATA,
}  # fmt: skip
"""What a notification is of; everything else of a messaging system is voice mail."""


def read_messaging(facts: RecordFacts, value: dict[str, Any]) -> RecordFacts:
    content = list(facts.content)
    sides: dict[str, set[Target]] = {"from": set(), "to": set(), "others": set()}
    identities: dict[str, list[str]] = {}
    kept: list[tuple[str, Any]] = [(name, value.get(name)) for name in _MESSAGING_KEPT]
    if set(value) - _MESSAGING_KNOWN:
        content.append("undescribed_fields")
    if value.get("original-message"):
        content.append("messaging_content")
    for name in ("system-identifier", "box-identifier"):
        if name in value:
            text, _ = party_numbers.token(value[name])
            kept.append((name, text))
            content += [] if text is not None else ["party_text"]
    category, event = value.get("category", (None, None))
    if category in _CATEGORIES:
        kept.append((str(category), event))
    elif category is not None:
        content.append("undescribed_fields")
    for party in value.get("party-information", []):
        qualifier = party["party-qualifier"]
        side = _SIDES.get(qualifier, "others") if isinstance(qualifier, str) else "others"
        for text, targets in _identities(party["party-identity"]):
            sides[side] |= targets
            if text is None:
                content.append("party_text")
            else:
                identities.setdefault(side, []).append(text)
    for name, held in value.get("properties", []):
        if name in _PROPERTIES:
            kept.append((name, held))
        elif name not in _TOKENS or party_numbers.token(held)[0] is None:
            content.append(_WORDS.get(name, "messaging_text"))
    originators = frozenset(sides["from"])
    parties = originators.union(*sides.values())
    return facts._replace(
        service=_messaging_service(category, event),
        originators=originators,
        recipients=frozenset(sides["to"]),
        parties=parties,
        parties_known=bool(parties),
        opens=category == "message" and event == "deposit",
        content=tuple(dict.fromkeys(content)),
        permitted=present([*kept, *identities.items()]),
    )


def _messaging_service(category: str | None, event: str | int | None) -> Service | None:
    if category == "message-notification":
        return _NOTIFICATIONS.get(event) if isinstance(event, str) else None
    return Service.VOICE if category in _CATEGORIES else None


def _identities(value: tuple[str, Any]) -> list[Identity]:
    """The identities of one party; one whose form nobody here knows is withheld."""
    form, held = value
    if form == "email-address":
        return [party_numbers.nai(text) for text in held]
    read = _FORMS.get(form)
    return [read(held) if read else (None, frozenset())]


_TOKENS: Final = frozenset({"language", "message-identifier"})
_FORMS: Final[dict[str, Callable[[Any], Identity]]] = {
    "msisdn": lambda octets: party_numbers.number(map_number(octets)),
    "e164-format": party_numbers.node_number,
    "ip-address": party_numbers.address,
    "ip-address-and-port": lambda value: party_numbers.address(value["ip-address"]),
    "alphanumeric": lambda text: ((text if shapes.is_name(text) else None), frozenset()),
    "imsi": party_numbers.imsi,
    "imei": party_numbers.imei,
    "tel-url": party_numbers.uri,
    "sip-uri": party_numbers.uri,
    "sips-uri": party_numbers.uri,
    "nai": lambda octets: party_numbers.nai(octets.decode("utf-8", "replace")),
}
