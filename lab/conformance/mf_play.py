"""Plays the phases of a mediation function's run: what our LEMF does, and when something has to be sent.

`trigger` makes the mediation function deliver: our own is given traffic, at a foreign one somebody is asked to make
some. A phase in which nothing came is played all the same, and its cases say so.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from lab.conformance.watched import AWAY, DECLINED, HOSTILE, NORMAL, WITHHELD, WRONG, Mf

Trigger = Callable[[str], Awaitable[None]]
NO_ANSWER: Final = b"\x30\x06\xa1\x02\x80\x00\xa2\x00" * 3 + b"\x00" * 16
"""Headers without anything in them, and then no record at all."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds. `quiet_s`: without data, after which a phase has all it will get; `most_s`: for which data are waited
    for; `reconnect_s`: within which a mediation function comes back, TIME3 included. In the US dialects: `away_s`, how
    long we are away, and `ends`, how many communications have to be over before a phase may be."""

    quiet_s: float = 1.0
    most_s: float = 60.0
    reconnect_s: float = 90.0
    away_s: float = 15.0
    ends: int = 1


async def normal(mf: Mf, trigger: Trigger, patience: Patience) -> None:
    """Options granted, everything answered; afterwards the links are left idle for their keep-alives."""
    await _begin(mf, NORMAL, patience, fresh=False)
    await trigger(NORMAL)
    await mf.observer.quiet(patience.quiet_s, patience.most_s)
    await mf.observer.until(lambda: _all_kept_alive(mf), mf.keepalive_s)


async def others(mf: Mf, trigger: Trigger, patience: Patience, wrong: ssl.SSLContext | None) -> None:
    """The phases in which our LEMF is not as it should be."""
    observer = mf.observer
    observer.accepting = False
    await _begin(mf, DECLINED, patience)
    await trigger(DECLINED)
    await observer.quiet(patience.quiet_s, patience.most_s)
    observer.accepting, observer.answering = True, False
    await _begin(mf, WITHHELD, patience)
    await trigger(WITHHELD)
    await observer.quiet(patience.quiet_s, patience.most_s)
    await observer.until(lambda: _given_up(mf), patience.reconnect_s)
    observer.answering = True
    await observer.quiet(patience.quiet_s, patience.most_s)
    observer.hostile = NO_ANSWER
    await _begin(mf, HOSTILE, patience)
    await trigger(HOSTILE)
    await observer.quiet(patience.quiet_s, patience.most_s)
    observer.hostile = b""
    await _mistrusted(mf, trigger, patience, wrong)


async def us(mf: Mf, trigger: Trigger, patience: Patience, wrong: ssl.SSLContext | None) -> None:
    """The phases of the US dialects, where a LEMF answers nothing. What was sent before comes again on every new
    connection, so a phase lasts until communications of its own are over."""
    observer = mf.observer
    await _begin(mf, NORMAL, patience, fresh=False)
    await trigger(NORMAL)
    await _over(mf, NORMAL, patience)
    observer.away = True
    await _begin(mf, AWAY, patience, connects=False)
    await trigger(AWAY)
    await asyncio.sleep(patience.away_s)
    observer.away = False
    await _over(mf, AWAY, patience)
    observer.hostile = NO_ANSWER
    await _begin(mf, HOSTILE, patience)
    await trigger(HOSTILE)
    await _over(mf, HOSTILE, patience)
    observer.hostile = b""
    await _mistrusted(mf, trigger, patience, wrong)


async def _over(mf: Mf, phase: str, patience: Patience) -> None:
    await mf.observer.until(lambda: mf.observer.ended[phase] >= patience.ends, patience.most_s)
    await mf.observer.quiet(patience.quiet_s, patience.most_s)


async def _mistrusted(mf: Mf, trigger: Trigger, patience: Patience, wrong: ssl.SSLContext | None) -> None:
    """Shows a certificate that leads nowhere, where the link has TLS."""
    if wrong is None:
        return
    observer = mf.observer
    observer.shown, observer.refused = wrong, 0
    await _begin(mf, WRONG, patience, connects=False)
    await trigger(WRONG)
    await observer.until(lambda: observer.refused > 0, patience.reconnect_s)
    await observer.until(lambda: bool(mf.data(WRONG)), patience.quiet_s)
    observer.shown = None


async def _begin(mf: Mf, phase: str, patience: Patience, connects: bool = True, fresh: bool = True) -> None:
    """`fresh`: former connections are ended, and the mediation function makes new ones."""
    mf.observer.phase = phase
    mf.played.add(phase)
    if fresh:
        mf.observer.drop()
    if connects:
        links = len(mf.observer.ports)
        await mf.observer.until(lambda: len({one.link for one in mf.joined(phase)}) >= links, patience.reconnect_s)


def _all_kept_alive(mf: Mf) -> bool:
    links = {one.link for one in mf.joined(NORMAL)}
    return bool(links) and links <= {one.link for one in mf.observer.of(NORMAL) if one.tri == "keep-alive"}


def _given_up(mf: Mf) -> bool:
    """Each link that delivered has been given up, and has delivered on a new connection."""
    links = {one.link for one in mf.data(WITHHELD)}
    for link in links:
        used = {one.connection for one in mf.data(WITHHELD) if one.link == link}
        if len(used) < 2:
            return False
    return bool(links)
