"""Section G: the end of an order: access, sealing, notice, retention."""

from __future__ import annotations

from typing import Final

from mediation.law.rulebook.kinds import Hold, Rule

CLOSING: Final = (
    Rule("R-130", "At the end of an order the investigator's access ends and the data is handed over for keeping.",
         "S1"),
    Rule("R-131", "Recordings under a warrant are sealed at once when it ends.",
         "V CPL 700.50(2); D numbers", Hold.RECORDED),
    Rule("R-132", "Without a seal or an explanation, contents stay out of the package for proceedings.",
         "V 18 USC 2518(8)(a)"),
    Rule("R-133", "Sealed originals are kept ten years and destroyed only by the judge's order.", "V CPL 700.55"),
    Rule("R-134", "The sealed original is in the custody the judge names.", "V CPL 700.55(2)"),
    Rule("R-135", "Copies may be made for the investigation.", "V CPL 700.55(2)"),
    Rule("R-136", "The person named is told within ninety days of the end.",
         "V CPL 700.50(3); V 18 USC 2518(8)(d)", Hold.RECORDED),
    Rule("R-137", "A judge may put the notice off.", "P CPL 700.50(4)", Hold.RECORDED),
    Rule("R-138", "Notice is due too when an emergency's approval was denied.", "V 18 USC 2518(8)(d)", Hold.RECORDED),
    Rule("R-139", "The courts' administrative office has a report within thirty days of the end, and each "
         "January.",
         "V CPL 700.60", Hold.RECORDED),
    Rule("R-140", "The defendant has warrant and application within fifteen days of arraignment and before the "
         "trial.",
         "V CPL 700.70"),
    Rule("R-141", "The store is first in, first out: room is made by the oldest records and by nothing else.",
         "S1, S0"),
    Rule("R-142", "Eviction takes no audit entry, no seal and no hand-off manifest.", "D"),
    Rule("R-143", "Evicting what belongs to an active case, or to one not handed over, is an alarm first, and may "
         "be blocked.",
         "D"),
    Rule("R-144", "A sealed copy lies outside the store and outlives it.", "D"),
    Rule("R-145", "A case closes when its final disposition is known and no appeal is pending.", "S1"),
    Rule("R-146", "Devices are removed or disabled as soon as the order ends.", "V CPL 700.35(2)", Hold.RECORDED),
    Rule("R-147", "A pen register order is sealed, and nobody tells the subscriber.", "V CPL 705.30"),
    Rule("R-148", "An agency's own device on a packet network is logged, and the log goes to the court within "
         "thirty days of the end.",
         "V 18 USC 3123(a)(3) (summary and text)", Hold.RECORDED),
    Rule("R-149", "When a case is closed, the technical unit's access ends too.", "D"),
)  # fmt: skip
