"""A contact is its opener's: who may tell more of it, in which county, and when a call may be asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from contracts.portal import CallbackRequested, ContactOpened
from tests.services.portal.poster import BATCHED, NAME, Poster, code, contact, told
from tests.services.portal.town import Town

SOITE = {"area": "18", "municipality": "272"}


@pytest.fixture
def poster(town: Town) -> Poster:
    return Poster(town)


@pytest.mark.parametrize("name", [NAME, "health-chat"])
def test_a_contact_is_opened_once(poster: Poster, name: str) -> None:
    opened = poster.opens()
    assert code(Poster(poster.town, name).post(opened)) == (409, "already-opened")


def test_a_residents_own_contact_is_not_opened_again(poster: Poster) -> None:
    poster.town.comes_in()
    (opened,) = poster.town.told(ContactOpened)
    assert code(poster.post(opened)) == (409, "already-opened")


Follows = Callable[[Poster, ContactOpened], Any]
FOLLOWING: list[Follows] = [Poster.identified, Poster.wants_a_call]


@pytest.mark.parametrize("follows", FOLLOWING)
def test_nothing_is_told_about_another_neighbours_contact(poster: Poster, follows: Follows) -> None:
    opened = Poster(poster.town, "health-chat").opens()
    assert code(poster.post(follows(poster, opened))) == (403, "not-yours")


def test_intake_is_not_asked_about_another_neighbours_contact(poster: Poster) -> None:
    """Whose it is comes first: the refusal is the same while intake is away, and a read on record would be a lie."""
    others = Poster(poster.town, "health-chat").opens()
    poster.town.away.add("intake")
    assert code(poster.post(poster.wants_a_call(others))) == (403, "not-yours")
    assert code(poster.post(poster.wants_a_call(contact()))) == (403, "not-yours")


def test_what_is_opened_in_the_same_batch_intake_cannot_have_decided_on(poster: Poster) -> None:
    opened = contact()
    pair = [poster.written(each) for each in (opened, poster.wants_a_call(opened))]
    whole = [attributes | {"data": data} for attributes, data in pair]
    assert code(poster.send(json.dumps(whole), **{"content-type": BATCHED})) == (409, "not-by-message")
    assert told(poster) == 0


@pytest.mark.parametrize("follows", FOLLOWING)
def test_another_neighbours_contact_looks_like_one_that_never_was(poster: Poster, follows: Follows) -> None:
    never, others = contact(), Poster(poster.town, "health-chat").opens()
    answers = [poster.post(follows(poster, each)).content for each in (never, others)]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("follows", FOLLOWING)
def test_nothing_is_told_about_a_contact_of_our_own_pages(poster: Poster, follows: Follows) -> None:
    poster.town.comes_in()
    (opened,) = poster.town.told(ContactOpened)
    assert code(poster.post(follows(poster, opened))) == (403, "not-yours")


def test_what_follows_is_told_in_the_county_the_contact_was_opened_in(town: Town) -> None:
    poster = Poster(town, areas=())
    verified = poster.identified(poster.opens(), **SOITE)
    assert code(poster.post(verified)) == (422, "wrong-place")


def test_no_call_is_promised_where_intake_has_decided_on_something_else(poster: Poster) -> None:
    """Whoever was told to ring 112 must not be told that somebody will call."""
    asked = poster.wants_a_call(poster.opens())
    assert code(poster.post(asked)) == (409, "not-by-message")
    assert poster.town.told(CallbackRequested) == []


def test_while_intake_is_away_a_call_is_asked_for_again_later(poster: Poster) -> None:
    asked = poster.wants_a_call(poster.opens())
    poster.town.away.add("intake")
    assert code(poster.post(asked)) == (503, "service-unavailable")
