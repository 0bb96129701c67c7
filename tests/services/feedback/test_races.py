"""What several processes of the service must not lose; on PostgreSQL, where they really run side by side."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event
from sqlmodel import Session, select

from services.feedback.app import build
from services.feedback.jobs import tell_given
from services.feedback.models import Answer
from services.feedback.store import add_answer
from tests.unit import Unit, practice_settings


@pytest.fixture
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    url = request.getfixturevalue("postgres").make(["feedback"])
    unit = Unit(build(practice_settings(tmp_path, database_url=url)))
    yield unit
    unit.close()


def given(answer_id: UUID) -> Answer:
    return Answer(answer_id=answer_id, area="10", about_what="visit", recommend=9, given_on=date(2026, 11, 23))


def test_an_answer_that_comes_while_others_are_told_is_kept(shared: Unit) -> None:
    """A person answers at midnight: the day was looked up before it ended, the answer is stored after."""
    first, late = uuid4(), uuid4()
    shared.database.write(lambda session: add_answer(session, given(first)))

    @event.listens_for(shared.database.engine, "after_cursor_execute")
    def answer_meanwhile(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "FROM answer" in statement and not came:
            came.append(late)
            with Session(shared.database.engine) as session, session.begin():
                add_answer(session, given(late))

    came: list[UUID] = []
    shared.runs(tell_given)
    kept = shared.database.read(lambda session: set(session.exec(select(Answer.answer_id)).all()))
    assert (came, kept) == ([late], {first, late})
