"""Hints wake exactly the open pages that show what has changed."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from chassis import Hint
from chassis.live import Hints

CONTACT, OTHER = uuid4(), uuid4()


def woken(hint: Hint, **shown: object) -> bool:
    """Whether a page that shows this is woken by the hint."""

    async def case() -> bool:
        hints = Hints()
        async with hints.subscribe(**shown) as page:  # type: ignore[arg-type]  # contact or area
            hints.heard(hint)
            return await page.next(timeout=0)

    return asyncio.run(case())


def test_a_page_hears_of_its_own_contact() -> None:
    assert woken(Hint(contact=CONTACT), contact=CONTACT)


def test_a_page_hears_nothing_of_another_contact() -> None:
    assert not woken(Hint(contact=OTHER), contact=CONTACT)


def test_a_desk_hears_of_its_area() -> None:
    assert woken(Hint(contact=OTHER, area="10"), area="10")


def test_a_desk_hears_nothing_of_another_area() -> None:
    assert not woken(Hint(area="18"), area="10")


def test_a_hint_about_nothing_wakes_nobody() -> None:
    assert not woken(Hint(), contact=CONTACT, area="10")


def test_several_hints_before_the_next_look_are_one() -> None:
    async def case() -> list[bool]:
        hints = Hints()
        async with hints.subscribe(contact=CONTACT) as page:
            for _ in range(3):
                hints.heard(Hint(contact=CONTACT))
            return [await page.next(timeout=0), await page.next(timeout=0)]

    assert asyncio.run(case()) == [True, False]


def test_every_open_page_of_a_contact_is_woken() -> None:
    async def case() -> list[bool]:
        hints = Hints()
        async with hints.subscribe(contact=CONTACT) as one, hints.subscribe(contact=CONTACT) as two:
            hints.heard(Hint(contact=CONTACT))
            return [await one.next(timeout=0), await two.next(timeout=0)]

    assert asyncio.run(case()) == [True, True]


def test_a_closed_page_leaves_nothing_behind() -> None:
    async def case() -> Hints:
        hints = Hints()
        async with hints.subscribe(contact=CONTACT, area="10"):
            pass
        return hints

    assert asyncio.run(case())._by_place == {}
