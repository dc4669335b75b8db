"""The state machine of a call: every state with every input, and any order of messages at all."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asn1.sip import SipMessage, parse_sip
from mediation.laes import jstd025, pcesp, t1678
from mediation.laes.calls import (
    MAX_LEGS,
    MAX_MEMBERS,
    TABLE,
    Act,
    Call,
    Input,
    Leg,
    State,
    input_of,
    key_of,
    members_of,
    step,
)

SDP = "v=0\r\nc=IN IP4 198.51.100.1\r\nm=audio 16384 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\na={}\r\n"
NOTICE = '<conference-info><users><user entity="sip:a@x.invalid"><endpoint><status>connected</status></endpoint></user></users></conference-info>'  # noqa: E501  one octet string
STARTS = {
    Input.OFFER: ("INVITE", ""),
    Input.CODE: ("INVITE *66", ""),
    Input.RINGING: ("180", ""),
    Input.PROGRESS: ("183", ""),
    Input.FORWARDED: ("181", ""),
    Input.DIVERTED: ("302", ""),
    Input.ANSWER: ("200", ""),
    Input.FAILED: ("486", ""),
    Input.HOLD: ("INVITE in", SDP.format("sendonly")),
    Input.RESUME: ("INVITE in", SDP.format("sendrecv")),
    Input.MEDIA: ("UPDATE in", SDP.format("sendrecv")),
    Input.KEYS: ("INFO in", "Signal=5\r\n"),
    Input.REFER: ("REFER in", ""),
    Input.NOTICE: ("NOTIFY in", NOTICE),
    Input.BYE: ("BYE in", ""),
    Input.OTHER: ("ACK in", ""),
}
TYPES = {Input.KEYS: "application/dtmf-relay", Input.NOTICE: "application/conference-info+xml"}


def message(kind: Input, call_id: str = "one@x.invalid") -> SipMessage:
    start, body = STARTS[kind]
    method, _, rest = start.partition(" ")
    user = "*66" if rest == "*66" else "+12125550144"
    first = f"SIP/2.0 {method} X" if method.isdigit() else f"{method} sip:{user}@x.invalid SIP/2.0"
    tag = ";tag=b" if rest == "in" or method.isdigit() else ""
    cseq = "INVITE" if method.isdigit() else method
    kind_of = TYPES.get(kind, "application/sdp")
    head = (
        f"{first}\r\nFrom: <sip:+12125550100@x.invalid>;tag=a\r\nTo: <sip:{user}@x.invalid>{tag}\r\n"
        f"Call-ID: {call_id}\r\nCSeq: 1 {cseq}\r\nContent-Type: {kind_of}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return parse_sip((head + body).encode())


def leg(state: State) -> Leg:
    made = step(Call(), message(Input.OFFER), True).call.legs[0]
    return made._replace(state=state)


@pytest.mark.parametrize("kind", Input)
@pytest.mark.parametrize("state", State)
def test_every_state_takes_every_input(state: State, kind: Input) -> None:
    """What the table does not have leaves the state alone and is told as signalling."""
    call = Call((leg(state),), 1)
    taken = input_of(message(kind), call.legs[0], True)
    made = step(call, message(kind), True)
    assert made.leg is not None and made.before is not None
    if state is State.DIVERTED and taken is Input.OFFER:
        # The network tries again under the same Call-ID: a leg of its own.
        assert made.leg.number == 2 and made.call.legs[0].state is State.RELEASED
        return
    after, acts = TABLE[state].get(taken, (state, (Act.SIGNALLING,)))
    assert (made.leg.state, made.leg.number) == (after, 1) and set(acts) <= set(made.acts)


def test_every_act_of_the_table_has_a_message_somewhere() -> None:
    acts = {act for rows in TABLE.values() for _, told in rows.values() for act in told}
    assert acts <= t1678.BUILDERS.keys() | pcesp.BUILDERS.keys()
    assert jstd025.BUILDERS.keys() == t1678.BUILDERS.keys()


@given(
    st.lists(st.tuples(st.sampled_from(Input), st.integers(0, 20), st.sampled_from((True, False, None))), max_size=60)
)
def test_any_order_of_messages_is_followed_and_survives_the_journal(told: list[tuple[Input, int, bool | None]]) -> None:
    call, memory = Call(), Call()
    for kind, dialogue, sends in told:
        made = step(call, message(kind, f"{dialogue}@x.invalid"), sends)
        assert made.acts and len(made.call.legs) <= MAX_LEGS and len(made.call.members) <= MAX_MEMBERS
        assert [one.number for one in made.call.legs] == sorted({one.number for one in made.call.legs})
        call = made.call
        memory = Call.of(json.loads(json.dumps(step(memory, message(kind, f"{dialogue}@x.invalid"), sends).call.plain)))
        assert memory == call


@pytest.mark.parametrize(
    ("body", "key"), [(b"Signal=5\r\nDuration=160\r\n", "5"), (b"a", "A"), (b"Signal=55", None), (b"", None)]
)
def test_a_key_is_one_key_and_nothing_else(body: bytes, key: str | None) -> None:
    head = b"INFO sip:x@x.invalid SIP/2.0\r\nContent-Type: application/dtmf-relay\r\n\r\n"
    assert key_of(parse_sip(head + body)) == key


def test_attack_a_notice_cannot_grow_or_expand() -> None:
    """Entities stay text, and ten thousand users are the bound of members."""
    user = '<user entity="sip:{}@x.invalid"><status>connected</status></user>'
    body = '<!DOCTYPE x [<!ENTITY e "eeee">]><users>' + "".join(user.format(n) for n in range(1_000)) + "&e;</users>"
    head = f"NOTIFY sip:x@x.invalid SIP/2.0\r\nContent-Type: application/conference-info+xml\r\n\r\n{body[:60_000]}"
    found = members_of(parse_sip(head.encode()))
    assert found is not None and len(found) == MAX_MEMBERS and found[0] == "sip:0@x.invalid"
