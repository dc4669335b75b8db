"""Which SIP headers are signalling and nothing else, and which values of them are.

A header is plain when it is on the list and its value has the shape that its kind has: a number, known words, addresses
with known parameters. What is left over may be what a party said, so it is named as content. Sources of the words: RFC
3261 and the registries it opened, as generally known; a word that is missing here costs a mask, never a leak.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from asn1 import sip
from collector.facts import shapes

METHODS: Final = shapes.word_set(
    "INVITE ACK BYE CANCEL OPTIONS REGISTER PRACK SUBSCRIBE NOTIFY PUBLISH INFO REFER MESSAGE UPDATE"
)
_OPTION_TAGS: Final = shapes.word_set(
    "100rel answermode early-session eventlist from-change geolocation-http geolocation-sip gin gruu histinfo ice join "
    "multiple-refer norefersub nosub outbound path policy precondition privacy record-aware replaces "
    "resource-priority sec-agree siprec tdialog timer"
)
_PRIVACY: Final = shapes.word_set("header session user id history none critical")
_EVENTS: Final = shapes.word_set("conference dialog message-summary presence reg refer ua-profile kpml winfo")
_ID_PARAMETER: Final = re.compile(r"id=[0-9]{1,10}")
_STATES: Final = shapes.word_set("active pending terminated")
_STATE_PARAMETER: Final = re.compile(
    r"(?:expires|retry-after)=[0-9]{1,10}"
    r"|reason=(?:deactivated|probation|rejected|timeout|giveup|noresource|invariant)"
)
_ALERTS: Final = frozenset(
    f"<urn:alert:{one}>"
    for one in ("service:call-waiting", "service:forward", "service:normal", "source:external", "source:internal")
)
"""RFC 7462 section 9 in part."""
_CODINGS: Final = shapes.word_set("identity gzip deflate")
_MEDIA_TYPES: Final = shapes.word_set(
    "application/sdp application/dtmf-relay application/dtmf application/isup application/pidf+xml message/cpim "
    "application/reginfo+xml application/simple-message-summary application/vnd.3gpp.sms message/sipfrag text/plain "
    "multipart/mixed application/3gpp-ims+xml application/im-iscomposing+xml message/imdn+xml */*"
)
REASON_PHRASES: Final = frozenset(
    phrase.lower()
    for phrase in (
        "", "Trying", "Ringing", "Call Is Being Forwarded", "Queued", "Session Progress", "OK", "Accepted",
        "No Notification", "Multiple Choices", "Moved Permanently", "Moved Temporarily", "Use Proxy",
        "Alternative Service", "Bad Request", "Unauthorized", "Payment Required", "Forbidden", "Not Found",
        "Method Not Allowed", "Not Acceptable", "Proxy Authentication Required", "Request Timeout", "Gone",
        "Request Entity Too Large", "Request-URI Too Long", "Unsupported Media Type", "Unsupported URI Scheme",
        "Bad Extension", "Extension Required", "Session Interval Too Small", "Interval Too Brief",
        "Temporarily Unavailable", "Call/Transaction Does Not Exist", "Call Does Not Exist", "Loop Detected",
        "Too Many Hops", "Address Incomplete", "Ambiguous", "Busy Here", "Busy", "Request Terminated",
        "Not Acceptable Here", "Bad Event", "Request Pending", "Undecipherable", "Server Internal Error",
        "Internal Server Error", "Not Implemented", "Bad Gateway", "Service Unavailable", "Server Time-out",
        "Version Not Supported", "Message Too Large", "Precondition Failure", "Busy Everywhere", "Decline", "Declined",
        "Does Not Exist Anywhere",
    )
)  # fmt: skip
"""What a status is called where nobody adds words of their own."""

_NUMBER: Final = re.compile(r"[0-9]{1,10}")
_SESSION: Final = re.compile(r"[0-9]{1,10}(?: ?; ?refresher=ua[cs])?", re.IGNORECASE)
_RETRY: Final = re.compile(r"[0-9]{1,10}(?: ?; ?duration=[0-9]{1,10})?")
_DATE: Final = re.compile(r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT")
_CAUSE: Final = re.compile(r"(?:SIP|Q\.850|RELEASE_CAUSE) ?(?:; ?cause ?= ?[0-9]{1,3})?", re.IGNORECASE)
_CALL_ID: Final = re.compile(r"[!-~]{1,255}")
_SENT_BY: Final = re.compile(r"SIP ?/ ?2\.0 ?/ ?(?:UDP|TCP|TLS|SCTP|WSS?|TLS-SCTP) +([!-~]{1,260})", re.IGNORECASE)
_COMMON_VIA: Final = re.compile(r"SIP/2\.0/(?:UDP|TCP|TLS) [a-z0-9.:-]{1,253};branch=[A-Za-z0-9.-]{1,128}")
_CONTENT_TYPE: Final = re.compile(
    r"[A-Za-z0-9.+*-]{1,64}/[A-Za-z0-9.+*-]{1,64}(?: ?; ?charset=\"?[A-Za-z0-9-]{1,20}\"?)?"
)

_QUOTED: Final = re.compile(r'"((?:\\.|[^"\\])*)"')

_ADDRESSES: Final[dict[str, frozenset[str]]] = {
    "from": frozenset({"tag"}),
    "to": frozenset({"tag"}),
    "contact": frozenset({"expires", "q", "reg-id", "audio", "video", "+g.3gpp.smsip", "+sip.instance", "isfocus"}),
    "route": frozenset(),
    "record-route": frozenset(),
    "p-asserted-identity": frozenset(),
    "p-called-party-id": frozenset(),
    "remote-party-id": frozenset({"party", "id-type", "privacy", "screen"}),
    "diversion": frozenset({"reason", "counter", "limit", "privacy", "screen"}),
    "history-info": frozenset({"index", "rc", "np", "mp"}),
    "refer-to": frozenset(),
    "referred-by": frozenset(),
    "p-associated-uri": frozenset(),
}
"""Headers that are lists of addresses, with the parameters that may stand behind one."""
_SHORT: Final = (
    r'(?:"[A-Za-z]{1,20}(?: [A-Za-z]{1,20})?" )?'
    r"<(?:sips?:\+?[0-9]{3,15}@[a-z0-9.-]{1,253}(?::[0-9]{1,5})?|tel:\+[0-9]{3,15})>"
)
_COMMON_ADDRESS: Final = re.compile(_SHORT)
_COMMON_TAGGED: Final = re.compile(_SHORT + r"(?:;tag=[A-Za-z0-9.-]{1,64})?")
"""What most messages have, so that most need not be taken apart."""
_VIA_PARAMETERS: Final = shapes.word_set("branch received rport maddr ttl alias keep comp")
_BARE_VALUE: Final = re.compile(r"[A-Za-z0-9.:+*%_~\[\]@!'`-]{1,128}")
_INSTANCE: Final = re.compile(r'"<urn:[a-z0-9:-]{1,80}>"', re.IGNORECASE)


def _words(known: frozenset[str], separators: str = ",") -> Callable[[str], tuple[str, ...]]:
    def check(value: str) -> tuple[str, ...]:
        found = re.split(f"[{separators}]", value)
        return () if all(one.strip().lower() in known or not one.strip() for one in found) else ("sip_headers",)

    return check


def _shape(pattern: re.Pattern[str], item: str = "sip_headers") -> Callable[[str], tuple[str, ...]]:
    return lambda value: () if pattern.fullmatch(value) else (item,)


def _methods(value: str) -> tuple[str, ...]:
    return (
        () if all(one.strip().upper() in METHODS or not one.strip() for one in value.split(",")) else ("sip_headers",)
    )


def _event(value: str) -> tuple[str, ...]:
    package, *parameters = value.split(";")
    plain = package.strip() in _EVENTS and all(_ID_PARAMETER.fullmatch(one.strip()) for one in parameters)
    return () if plain else ("sip_headers",)


def _subscription(value: str) -> tuple[str, ...]:
    state, *parameters = (one.strip().lower() for one in value.split(";"))
    plain = state in _STATES and all(_STATE_PARAMETER.fullmatch(one) for one in parameters)
    return () if plain else ("sip_headers",)


def _alert(value: str) -> tuple[str, ...]:
    """Tones by their registered names; anything else is an address to fetch something from, or somebody's words."""
    plain = all(one.strip().lower() in _ALERTS for one in value.split(","))
    return () if plain else ("sip_headers",)


def _sequence(value: str) -> tuple[str, ...]:
    *numbers, method = value.split() or [""]
    plain = 1 <= len(numbers) <= 2 and all(_NUMBER.fullmatch(one) for one in numbers) and method in METHODS
    return () if plain else ("sip_headers",)


def _accept(value: str) -> tuple[str, ...]:
    return () if all(one.strip().lower() in _MEDIA_TYPES for one in value.split(",")) else ("sip_headers",)


def _reason(value: str) -> tuple[str, ...]:
    found = all(_CAUSE.fullmatch(one.strip()) for one in sip.split_list(value))
    return () if found else ("reason_text",)


def _via(value: str) -> tuple[str, ...]:
    if _COMMON_VIA.fullmatch(value):
        return ()
    for one in sip.split_list(value):
        sent_by, *parameters = one.split(";")
        if not _SENT_BY.fullmatch(sent_by.strip()):
            return ("sip_headers",)
        if not _known(parameters, _VIA_PARAMETERS):
            return ("header_parameters",)
    return ()


def _known(parameters: list[str], known: frozenset[str]) -> bool:
    for one in parameters:
        name, equals, value = one.partition("=")
        name, value = name.strip().lower(), value.strip()
        if name == "+sip.instance" and name in known:
            if not _INSTANCE.fullmatch(value):
                return False
        elif name not in known or (equals and not _BARE_VALUE.fullmatch(value)):
            return False
    return True


def _addresses(parameters: frozenset[str]) -> Callable[[str], tuple[str, ...]]:
    common = _COMMON_TAGGED if "tag" in parameters else _COMMON_ADDRESS

    def check(value: str) -> tuple[str, ...]:
        if common.fullmatch(value) or value.strip() == "*":
            return ()
        found: tuple[str, ...] = ()
        for one in sip.split_list(sip.without_uri_headers(value) if "?" in value else value):
            found += _address(one.strip(), parameters)
        return found

    return check


def _address(text: str, parameters: frozenset[str]) -> tuple[str, ...]:
    """One address: name shown, URI, parameters of the header."""
    name, uri, rest = taken_apart(text)
    found = shapes.uri_of(uri).wrong
    if name and not shapes.is_name(name):
        found = (*found, "display_text")
    if rest and not _known(rest.split(";"), parameters):
        found = (*found, "header_parameters")
    return found


def taken_apart(text: str) -> tuple[str, str, str]:
    """(name shown, URI, parameters behind it) of one address; without angle brackets all parameters are the header's
    (RFC 3261 section 20)."""
    if quoted := _QUOTED.match(text):
        name, rest = quoted.group(1), text[quoted.end() :]
        before, _, rest = rest.partition("<")
        name += before.strip()
    elif "<" in text:
        name, _, rest = text.partition("<")
    else:
        uri, _, parameters = text.partition(";")
        return "", uri.strip(), parameters.strip()
    uri, _, parameters = rest.partition(">")
    return name.strip(), uri.strip(), parameters.strip().removeprefix(";").strip()


_VALUES: Final[dict[str, Callable[[str], tuple[str, ...]]]] = {
    **{name: _addresses(parameters) for name, parameters in _ADDRESSES.items()},
    **dict.fromkeys(("content-length", "expires", "max-forwards", "min-expires", "min-se", "rseq"), _shape(_NUMBER)),
    **dict.fromkeys(("require", "supported", "unsupported", "proxy-require"), _words(_OPTION_TAGS)),
    **dict.fromkeys(("cseq", "rack"), _sequence),
    "accept": _accept,
    "accept-encoding": _words(_CODINGS),
    "allow": _methods,
    "allow-events": _words(_EVENTS),
    "call-id": _shape(_CALL_ID),
    "content-type": _shape(_CONTENT_TYPE),
    "date": _shape(_DATE),
    "privacy": _words(_PRIVACY, ";,"),
    "reason": _reason,
    "retry-after": _shape(_RETRY),
    "session-expires": _shape(_SESSION),
    "via": _via,
    "event": _event,
    "subscription-state": _subscription,
    "alert-info": _alert,
}
PLAIN_SIP_HEADERS: Final = frozenset(_VALUES)
"""Headers that are signalling and nothing else, when their value is. Any other may carry what a party said (Subject,
User-to-User, private ones), words of a device's maker (User-Agent) or where a party is (P-Access-Network-Info)."""

LOCATION_SIP_HEADERS: Final = frozenset(
    {"p-access-network-info", "geolocation", "cellular-network-info", "p-last-access-network-info",
     "p-visited-network-id"}
)  # fmt: skip


def wrong_with(name: str, value: str) -> tuple[str, ...]:
    """What in a header is not plain signalling, by the name of the item; of a place, that is not said here."""
    if name in LOCATION_SIP_HEADERS:
        return ()
    check = _VALUES.get(name)
    return ("sip_headers",) if check is None else check(value)
