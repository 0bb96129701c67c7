"""What people were told had been done, held against what the streams and the databases say was done.

Pure: histories in, findings out. `test_ledger.py` plants every fault it must find.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

ONCE = (
    "contact_opened triage_completed contact_routed conversation_queued conversation_accepted conversation_ended "
    "feedback_invited"
).split()
"""Facts of a whole journey, once each."""


@dataclass
class Journey:
    """What one resident was told had been done."""

    key: str = field(default_factory=lambda: str(uuid4()))
    contact: UUID | None = None
    secret: str = ""
    said: list[str] = field(default_factory=list)
    rated: bool = False

    @property
    def proof(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"} if self.secret else {}


@dataclass(frozen=True)
class Told:
    """One fact of the stream."""

    name: str
    contact: UUID | None
    event_id: str
    cause: str


@dataclass
class Findings:
    """What is not as it should be; nothing is what one wants to find."""

    lost: list[Any] = field(default_factory=list)
    doubled: list[Any] = field(default_factory=list)
    disordered: list[Any] = field(default_factory=list)

    def count(self, what: Any, wanted: int, found: int) -> None:
        """Something is there `found` times and should be `wanted` times."""
        if found < wanted:
            self.lost.append((what, wanted - found))
        if found > wanted:
            self.doubled.append((what, found - wanted))


def check(
    journeys: Sequence[Journey],
    told: Sequence[Told],
    transcripts: Sequence[Sequence[str]],
    rows: Mapping[str, int],
    unsettled: Mapping[str, int],
) -> Findings:
    """Hold everything against each other.

    Args:
        journeys: what was accepted.
        told: the stream of facts, whole.
        transcripts: of each journey, what the chat shows was said, in order.
        rows: how many rows the services keep, by `rows_of`'s names.
        unsettled: what should be empty now: outboxes, dead letters.
    """
    findings = Findings()
    facts = Counter((fact.name, fact.contact) for fact in told if fact.name in ONCE)
    wanted = Counter({(name, journey.contact): 1 for journey in journeys for name in ONCE})
    for key in facts | wanted:
        findings.count(key, wanted[key], facts[key])
    for event_id, times in Counter(fact.event_id for fact in told).items():
        findings.count(("copies", event_id), 1, times)
    for cause, times in Counter((fact.name, fact.cause) for fact in told if fact.cause).items():
        findings.count(("effects", *cause), 1, times)
    for journey, words in zip(journeys, transcripts, strict=True):
        _check_words(journey, words, findings)
    for name, count in expected_rows(journeys).items():
        findings.count(name, count, rows[name])
    findings.lost += [(name, count) for name, count in unsettled.items() if count]
    return findings


def _check_words(journey: Journey, words: Sequence[str], findings: Findings) -> None:
    said, shown = Counter(journey.said), Counter(words)
    for each in said | shown:
        findings.count((each, journey.key), said[each], shown[each])
    if said == shown and list(words) != journey.said:
        findings.disordered.append(journey.key)


def expected_rows(journeys: Sequence[Journey]) -> dict[str, int]:
    """Rows that as many journeys leave, by `service.table`."""
    return {
        "intake.contact": len(journeys),
        "intake.triage_run": len(journeys),
        "chat.conversation": len(journeys),
        "chat.message": sum(len(journey.said) for journey in journeys),
        "feedback.invitation": len(journeys),
        "feedback.answer": sum(journey.rated for journey in journeys),
    }
