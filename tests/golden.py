"""Golden wrong events of the subscriber kit, as they would come over the bus."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Self

from chassis.settings import ROOT
from contracts import EVENTS

WRONG: list[dict[str, Any]] = [
    json.loads(line) for line in (ROOT / "contracts" / "kit" / "wrong.jsonl").read_text("utf-8").splitlines()
]
HEARD: str = next(event["type"] for each in WRONG if isinstance(event := each["event"], dict) and "type" in event)
"""Type of the event that is wrong in its envelope."""
DATA = "data"


@dataclass(frozen=True, slots=True)
class OnTheBus:
    """A message, right or not."""

    subject: str
    headers: dict[str, str]
    body: bytes

    @classmethod
    def of(cls, event: dict[str, Any] | str) -> Self:
        """A golden event; of a line that is no JSON what is no JSON is the body."""
        if isinstance(event, str):
            whole = cls.of(json.loads(event + "}"))
            return cls(whole.subject, whole.headers, whole.body[:-1])
        if "headers" in event:
            return cls(event["subject"], event["headers"], json.dumps(event["body"]).encode())
        headers = {f"ce-{name}": value for name, value in event.items() if name != DATA}
        kind = EVENTS.get(event["type"]) or EVENTS[HEARD]
        return cls(kind.cls.example.subject, headers, json.dumps(event[DATA]).encode())
