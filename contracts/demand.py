"""Demand: why people come, as a professional says; contacts by reason, site and week. Owner: intake."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from contracts.base import AreaCode, Ask, Code, Event, Id, Instant, View, command, event, query
from contracts.portal import _CONTACT, Origin
from contracts.public import TroubleGroup

MOST_WEEKS = 26
"""Weeks that one answer covers at most: half a year by site and week stays a small message."""

ReasonCode = Annotated[
    str,
    StringConstraints(pattern=r"^(L(0[1-57-9]|1[0-9]|2[06-9]|[7-9][0-9])|M[0-9]{2}(\.[0-9]{1,2})?)$"),
    Field(json_schema_extra={"x-code-system": "ICPC-2 chapter L, or ICD-10 M00-M99 (musculoskeletal)"}),
]
"""A musculoskeletal reason in a code of its system: "L15" is ICPC-2, "M17.1" is ICD-10. Source: rule 30."""

_REASON_CODE: Final = TypeAdapter(ReasonCode)


def is_reason_code(text: str) -> bool:
    """Whether a text is a musculoskeletal reason code."""
    try:
        _REASON_CODE.validate_python(text)
    except ValidationError:
        return False
    return True


IsoWeek = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-W(0[1-9]|[1-4][0-9]|5[0-3])$")]
"""A week, Monday to Sunday, Europe/Helsinki: "2023-W47". Source: ISO 8601."""


@event(
    owner="intake",
    version=1,
    about="contact_id",
    external="the county's data lake: why people come, in a professional's words, by site",
)
class ReasonRecorded(Event):
    """A professional has said why a contact came; it replaces what the person told, and an earlier reason.

    Sent: each time the reason of a contact becomes another one.
    """

    contact_id: Id
    reason: TroubleGroup
    code: ReasonCode | None
    """As the professional gives it: ICPC-2, or an ICD-10 that a physician gave before. None: the group alone."""
    site: Code
    """Where the person belongs: a site of the county, or a municipality by code."""
    recorded_at: Instant


ReasonRecorded.example = ReasonRecorded.shown(
    contact_id=_CONTACT, reason="joint", code="L15", site="286", recorded_at="2026-11-24T08:15:00Z"
)


class ReasonView(View):
    """Why a contact came."""

    contact_id: Id
    reason: TroubleGroup
    code: ReasonCode | None
    """None: nobody has given one."""
    recorded_at: Instant | None
    """None: as the person told it, no professional has said anything yet."""


@command(owner="intake", version=1)
class RecordReason(Ask[ReasonView]):
    """Say why a contact came. Therapists of the area only; the same again changes nothing.

    Refused: `unknown-contact`.
    """

    contact_id: Id
    reason: TroubleGroup
    code: ReasonCode | None = None


@query(owner="intake", version=1)
class GetReason(Ask[ReasonView]):
    """Why a contact came. Therapists of the area only; audited. Refused: `unknown-contact`."""

    contact_id: Id


class DemandCell(View):
    """Contacts of one reason at one site in one week; a cell that is not there is zero."""

    reason: TroubleGroup
    site: Code
    week: IsoWeek
    contacts: Annotated[int, Field(ge=1)]


class DemandSum(View):
    """Contacts of one reason at one site over all weeks asked for."""

    reason: TroubleGroup
    site: Code
    contacts: Annotated[int, Field(ge=0)] | None
    """None: too few to be shown outside the unit (rule 38)."""


class DemandView(View):
    """The demand of a county: every reason by every site, and their sums.

    Outside the unit cells of fewer than five contacts are not shown, weeks are left out, and sums are those of the
    cells shown: nothing can be worked out from a difference. Source: rule 38.
    """

    area: AreaCode
    first_week: IsoWeek
    last_week: IsoWeek
    cells: tuple[DemandCell, ...]
    table: tuple[DemandSum, ...]
    """Reason by reason, each over all sites."""
    by_reason: dict[TroubleGroup, int]
    by_site: dict[Code, int]
    total: int
    coded: int | None
    """Contacts whose musculoskeletal reason a professional has given as a code."""
    without_physician: int | None
    """Of these, the ones that the unit met and sent to no physician: visits a physician was spared."""


@query(owner="intake", version=1)
class GetDemand(Ask[DemandView]):
    """Contacts by reason, site and week. Staff only, and in full only those of the area.

    Refused: `not-yours`, `unknown-area`, `weeks-reversed`, `too-many-weeks`.
    """

    area: AreaCode
    first_week: IsoWeek
    last_week: IsoWeek
    origin: Origin | None = None
    """One door alone; None: all."""
