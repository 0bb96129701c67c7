from __future__ import annotations

from typing import NamedTuple
from uuid import uuid4

import pytest

from chassis import Refused
from contracts.cases import JoinGround
from services.intake.cases import domain

ONE, OTHER = uuid4(), uuid4()


class Matter(NamedTuple):
    trouble: str
    trouble_group: str


KNEE, HIP, BACK = Matter("knee", "joint"), Matter("hip", "joint"), Matter("back", "back")
DEVICE, EXERCISE = Matter("assistive_device", "other"), Matter("exercise", "other")


def like(own: Matter, *earlier: Matter) -> list[Matter]:
    return [case for case, _ in domain.about_one_trouble(own, [(case, True) for case in earlier])]


def test_the_same_trouble_goes_before_one_of_the_same_group() -> None:
    assert like(KNEE, HIP, BACK, KNEE) == [KNEE, HIP]


def test_troubles_of_no_group_are_one_matter_only_when_they_are_the_same() -> None:
    assert like(DEVICE, EXERCISE, DEVICE) == [DEVICE]


def test_a_joining_of_two_identified_contacts_rests_on_the_person() -> None:
    assert domain.ground_of_joining(JoinGround.CLIENT_SAID, person=ONE, of_person=ONE) is JoinGround.SAME_PERSON


@pytest.mark.parametrize("told", list(JoinGround))
def test_two_persons_are_joined_on_no_ground(told: JoinGround) -> None:
    with pytest.raises(Refused, match="different-persons"):
        domain.ground_of_joining(told, person=ONE, of_person=OTHER)


def test_where_somebody_is_not_identified_the_client_must_have_said_so() -> None:
    assert domain.ground_of_joining(JoinGround.CLIENT_SAID, person=None, of_person=ONE) is JoinGround.CLIENT_SAID


@pytest.mark.parametrize("told", [JoinGround.SAME_PERSON, JoinGround.SAME_SESSION])
def test_a_ground_that_nothing_shows_is_no_ground(told: JoinGround) -> None:
    with pytest.raises(Refused, match="ground-missing"):
        domain.ground_of_joining(told, person=ONE, of_person=None)
