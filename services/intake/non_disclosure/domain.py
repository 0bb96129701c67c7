"""The rules of non-disclosure. Pure: values in, decision out."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.intake import RouteReason


def not_by_booking(reasons: Iterable[str]) -> tuple[RouteReason, ...]:
    """Why somebody leaves a message who was to pick a time and is not to, by a decision of the county (rule 9).

    To whoever reads it the door is closed, as it is to everybody now and then: it does not say why to them.
    """
    left = [RouteReason(one) for one in reasons if one != RouteReason.CAME_BY_BOOKING]
    return tuple(dict.fromkeys([RouteReason.DOOR_CLOSED, *left]))
