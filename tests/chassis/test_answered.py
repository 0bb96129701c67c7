"""What is kept to answer a second click tells nobody who clicked, or what they said."""

from __future__ import annotations

import hashlib
from itertools import product
from uuid import uuid4

import pytest

from chassis.tables import answered
from contracts.feedback import GetInvitations, GiveFeedback
from tests.factories import client, conversation_ended
from tests.unit import Unit, practice_settings


@pytest.fixture
def feedback(tmp_path):
    from services.feedback.app import build

    unit = Unit(build(practice_settings(tmp_path)))
    yield unit
    unit.close()


def test_a_kept_answer_does_not_give_the_score_away(feedback: Unit) -> None:
    ended = conversation_ended()
    feedback.hears(ended)
    me = client(ended.contact_id)
    invitation = feedback.asks(GetInvitations(contact_id=ended.contact_id), viewer=me).invitations[0]
    given = {"invitation_id": invitation.invitation_id, "contact_id": ended.contact_id}
    feedback.asks(GiveFeedback(**given, language="sv", recommend=3, useful=False), viewer=me, key=str(uuid4()))

    row = feedback.database.read(lambda session: session.connection().execute(answered.select()).one())
    assert str(ended.contact_id) not in row.key
    for language, score, useful in product(("fi", "sv", "en"), range(11), (True, False, None)):
        guess = GiveFeedback(**given, language=language, recommend=score, useful=useful).model_dump_json().encode()
        assert hashlib.sha256(guess).hexdigest() != row.asked
