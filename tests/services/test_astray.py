"""Nobody's identity bleeds, in whatever order things happen and are heard: the real pages, handlers and answers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.chat import GetConversation, GetMessages
from contracts.intake import GetPerson
from contracts.portal import EarlierText
from tests.factories import staff
from tests.services.astray import Astray
from tests.services.portal.town import Town

ACTS = (
    *["arrives_all", "identifies_somebody", "decides"] * 4, *["arrives", "writes", "joins"] * 3, "opens",
    "arrives_again", "accepts", "asks_identity", "ends", "leaves_message", "says_where_to_reach", "is_called",
    "books", "is_sent", "continues", "parts", "marks",
)  # fmt: skip
"""Some more often: without them little happens."""
STEPS = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 15), st.integers(0, 15)), min_size=18, max_size=26)


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("founded")
    Town(folder).close()
    return folder


@contextmanager
def town(founded: Path) -> Iterator[Astray]:
    with tempfile.TemporaryDirectory() as folder:
        place = Astray(copytree(founded, Path(folder) / "town"))
        yield place
        place.close()


BEGUN = (
    *[("opens", which, 0) for which in range(2)], ("arrives_all", 0, 0), ("arrives_all", 0, 0),
    *[(act, which, 0) for which in range(2) for act in ("accepts", "writes")],
)  # fmt: skip
"""Two anonymous talks."""


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_no_order_of_events_shows_an_identity_or_takes_text_into_the_record_unasked(
    founded: Path, steps: list[tuple[str, int, int]]
) -> None:
    """Rule 8, and rules 4, 7 and 9: identity only after IdentityVerified, earlier text only by a yes, nobody merged.

    Nor is anybody found who is under non-disclosure.
    """
    with town(founded) as place:
        for step in (*BEGUN, *steps):
            place.step(*step)
        place.pages_must_hold()
        place.nothing_is_told_in_clear()
        place.nobody_is_found_in_what_is_told()


def test_what_may_be_shown_is_shown_in_the_end(founded: Path) -> None:
    """Rule 8. The same town in good order: it is not that nobody is ever identified there, or nothing ever record."""
    with town(founded) as place:
        identified = [("identifies_somebody", 0, 2), ("arrives_all", 0, 0), ("decides", 0, 1), ("arrives_all", 0, 0)]
        for step in (*BEGUN, *identified):
            place.step(*step)
        chat, contact_id = place.units["chat"], place.contacts[0]
        assert chat.asks(GetConversation(contact_id=contact_id), viewer=staff()).earlier_text is EarlierText.KEPT
        said = chat.asks(GetMessages(contact_id=contact_id), viewer=staff()).messages
        assert [one.in_record for one in said] == [True]
        who = place.units["intake"].asks(GetPerson(contact_id=contact_id), viewer=staff())
        assert who.display_name == "Kaisa Esimerkki"
        assert who.display_name in place.desk.get(f"/fi/desk/conversation/{contact_id}").text
        place.pages_must_hold()
