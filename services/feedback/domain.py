"""Rules of feedback: what a score means, what a base allows to be said, what must not stand in a text.

Source: rules 26-27; figures and bases of mission.md section 3.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from math import sqrt

PROMOTER_FROM = 9
DETRACTOR_TO = 6
Z_95 = 1.959963984540054
"""Two-sided 95 % point of the normal distribution."""

Interval = tuple[float, float]
"""Lower and upper bound, percent."""

_TELLTALE = re.compile(
    r"""(?x)
      [\w.+-]+@[\w-]+(?:\.[\w-]+)+                                   # an e-mail address
    | (?<!\w)\d{6}[-+A-FU-Y]\d{3}[0-9A-Z](?!\w)                      # a personal identity code
    | (?<![\w+])(?:\+\d|0\d)(?:[ \u00a0-]?\d){5,13}(?!\w)            # a phone number, +358… or 0…
    """,
    re.IGNORECASE | re.ASCII,
)
MASK = "•••"


@dataclass(frozen=True, slots=True)
class Tally:
    """Answers to "how likely are you to recommend us" by kind."""

    promoters: int
    passives: int
    detractors: int

    @property
    def answers(self) -> int:
        """The base of every figure made from the tally."""
        return self.promoters + self.passives + self.detractors


def tally(counts: Mapping[int, int]) -> Tally:
    """Sort scores into promoters (9-10), passives (7-8) and detractors (0-6).

    Args:
        counts: how often each score 0-10 was given.
    """
    promoters = sum(n for score, n in counts.items() if score >= PROMOTER_FROM)
    detractors = sum(n for score, n in counts.items() if score <= DETRACTOR_TO)
    return Tally(promoters, sum(counts.values()) - promoters - detractors, detractors)


def net_promoter_score(answers: Tally) -> int | None:
    """Promoters minus detractors in percent of all answers, -100 to 100, half rounded up; None when nobody answered.

    Source: rule 26.
    """
    if answers.answers == 0:
        return None
    exact = Decimal(100 * (answers.promoters - answers.detractors)) / answers.answers
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def net_promoter_interval(answers: Tally) -> tuple[int, int] | None:
    """Where the score of all the people served lies with 95 % confidence; None when nobody answered.

    Normal approximation of a difference of two shares of one base, cut to -100 … 100.
    Source: mission.md section 3 ("NPS 92 roughly 78-100").
    """
    base = answers.answers
    if base == 0:
        return None
    mean = (answers.promoters - answers.detractors) / base
    reach = Z_95 * sqrt(((answers.promoters + answers.detractors) / base - mean**2) / base)
    return round(100 * max(-1.0, mean - reach)), round(100 * min(1.0, mean + reach))


def wilson_interval(hits: int, base: int) -> Interval | None:
    """Where a share lies with 95 % confidence, by Wilson's score method; None without a base.

    Source: mission.md section 3 (9 of 21: 24.5-63.5 %, 13 of 21: 40.9-79.2 %, 19 of 19: 83-100 %).
    """
    if base == 0:
        return None
    share, spread = hits / base, Z_95**2 / base
    middle = (share + spread / 2) / (1 + spread)
    reach = Z_95 * sqrt(share * (1 - share) / base + spread / (4 * base)) / (1 + spread)
    return round(100 * max(0.0, middle - reach), 1), round(100 * min(1.0, middle + reach), 1)


def without_telltales(text: str) -> str:
    """Mask what would name the writer: personal identity codes, phone numbers, e-mail addresses."""
    return _TELLTALE.sub(MASK, text)
