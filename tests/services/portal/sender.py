"""Another system that sends people: results of symptom assessments, referrals."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import httpx

from tests.services.portal.poster import Poster

ACTS = ("assessments", "referrals")


def result(**over: Any) -> dict[str, Any]:
    """The result of a knee assessment without a red flag, three of our questions answered; None leaves a field out."""
    told = {
        "result_id": str(uuid4()),
        "assessment": "knee_symptom",
        "version": "1",
        "urgency": "routine",
        "summary": "https://maker.example/summaries/1",
        "consent": True,
        "municipality": "285",
        "language": "fi",
        "age_band": "23_74",
        "answers": [
            {"question": "knee_deformed", "answer": "no"},
            {"question": "knee_hot", "answer": "no"},
            {"question": "since", "answer": "weeks"},
            {"question": "change", "answer": "same"},
            {"question": "height", "answer": "170"},
        ],
        "assessed_at": "2026-11-24T09:58:00+02:00",
    }
    return {name: value for name, value in (told | over).items() if value is not None}


class Sender(Poster):
    """A neighbour that was granted to send people."""

    def __init__(self, *args: Any, sends: tuple[str, ...] = ACTS, **more: Any) -> None:
        super().__init__(*args, **more)
        self.save(sends=sends)

    def sends(self, path: str, body: Any, **headers: str) -> httpx.Response:
        """Send a body, as JSON unless it is text or bytes, with the token unless `authorization` says otherwise."""
        if not self.token:
            self.token = self.asks().json()["access_token"]
        shown = {"authorization": f"Bearer {self.token}", "content-type": "application/json"} | headers
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        return self.town.browser().send("POST", path, content=content, headers=shown)

    def assessed(self, **over: Any) -> httpx.Response:
        """Send a result."""
        return self.sends("/api/v1/assessments", result(**over))


def problem(response: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    return response.status_code, response.json()["code"]
