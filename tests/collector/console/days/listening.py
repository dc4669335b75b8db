"""What a page's sound is watched by: every buffer that is put to the loudspeaker, when, and whether it is silence."""

from __future__ import annotations

from typing import Final

from playwright.async_api import Page

HEARD: Final = """
window.heard = {samples: 0, at: 0, context: null};
const clock = Date.now.bind(Date), start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (when) {
  const samples = this.buffer.getChannelData(0).filter((one) => one !== 0).length;
  if (samples) { heard.samples += samples; heard.at = clock() / 1000; heard.context = this.context; }
  return start.call(this, when);
};
"""


async def heard(page: Page) -> int:
    """How many samples other than silence."""
    found: int = await page.evaluate("heard.samples")
    return found


async def last_heard_s(page: Page) -> float:
    """When the last of it was put to the loudspeaker, seconds since 1970."""
    found: float = await page.evaluate("heard.at")
    return found
