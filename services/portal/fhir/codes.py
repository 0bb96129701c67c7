"""Code lists that FHIR R4 binds as required, of the types that come in. The library checks none of them.

Source: hl7.org/fhir/R4 (4.0.1), the value set of each element.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class RequestStatus(StrEnum):
    """`ServiceRequest.status`."""

    DRAFT = "draft"
    ACTIVE = "active"
    ON_HOLD = "on-hold"
    REVOKED = "revoked"
    COMPLETED = "completed"
    ENTERED_IN_ERROR = "entered-in-error"
    UNKNOWN = "unknown"


class RequestIntent(StrEnum):
    """`ServiceRequest.intent`."""

    PROPOSAL = "proposal"
    PLAN = "plan"
    DIRECTIVE = "directive"
    ORDER = "order"
    ORIGINAL_ORDER = "original-order"
    REFLEX_ORDER = "reflex-order"
    FILLER_ORDER = "filler-order"
    INSTANCE_ORDER = "instance-order"
    OPTION = "option"


class RequestPriority(StrEnum):
    """`ServiceRequest.priority`."""

    ROUTINE = "routine"
    URGENT = "urgent"
    ASAP = "asap"
    STAT = "stat"


class ResponseStatus(StrEnum):
    """`QuestionnaireResponse.status`."""

    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    AMENDED = "amended"
    ENTERED_IN_ERROR = "entered-in-error"
    STOPPED = "stopped"


class IdentifierUse(StrEnum):
    """`Identifier.use`."""

    USUAL = "usual"
    OFFICIAL = "official"
    TEMP = "temp"
    SECONDARY = "secondary"
    OLD = "old"


class NameUse(StrEnum):
    """`HumanName.use`."""

    USUAL = "usual"
    OFFICIAL = "official"
    TEMP = "temp"
    NICKNAME = "nickname"
    ANONYMOUS = "anonymous"
    OLD = "old"
    MAIDEN = "maiden"


class ContactSystem(StrEnum):
    """`ContactPoint.system`."""

    PHONE = "phone"
    FAX = "fax"
    EMAIL = "email"
    PAGER = "pager"
    URL = "url"
    SMS = "sms"
    OTHER = "other"


class ContactUse(StrEnum):
    """`ContactPoint.use`."""

    HOME = "home"
    WORK = "work"
    TEMP = "temp"
    OLD = "old"
    MOBILE = "mobile"


class AddressUse(StrEnum):
    """`Address.use`."""

    HOME = "home"
    WORK = "work"
    TEMP = "temp"
    OLD = "old"
    BILLING = "billing"


class AddressType(StrEnum):
    """`Address.type`."""

    POSTAL = "postal"
    PHYSICAL = "physical"
    BOTH = "both"


class Gender(StrEnum):
    """`Patient.gender`: never read."""

    MALE = "male"
    FEMALE = "female"
    OTHER = "other"
    UNKNOWN = "unknown"


class LinkType(StrEnum):
    """`Patient.link.type`."""

    REPLACED_BY = "replaced-by"
    REPLACES = "replaces"
    REFER = "refer"
    SEEALSO = "seealso"


class NarrativeStatus(StrEnum):
    """`Narrative.status`."""

    GENERATED = "generated"
    EXTENSIONS = "extensions"
    ADDITIONAL = "additional"
    EMPTY = "empty"


class Comparator(StrEnum):
    """`Quantity.comparator`."""

    LESS = "<"
    LESS_OR_EQUAL = "<="
    MORE_OR_EQUAL = ">="
    MORE = ">"


class Day(StrEnum):
    """`PractitionerRole.availableTime.daysOfWeek`, `Timing.repeat.dayOfWeek`."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class UnitOfTime(StrEnum):
    """`Timing.repeat.durationUnit` and `periodUnit`."""

    SECOND = "s"
    MINUTE = "min"
    HOUR = "h"
    DAY = "d"
    WEEK = "wk"
    MONTH = "mo"
    YEAR = "a"


class Meal(StrEnum):
    """`Timing.repeat.when`."""

    MORN = "MORN"
    MORN_EARLY = "MORN.early"
    MORN_LATE = "MORN.late"
    NOON = "NOON"
    AFT = "AFT"
    AFT_EARLY = "AFT.early"
    AFT_LATE = "AFT.late"
    EVE = "EVE"
    EVE_EARLY = "EVE.early"
    EVE_LATE = "EVE.late"
    NIGHT = "NIGHT"
    PHS = "PHS"
    HS = "HS"
    WAKE = "WAKE"
    C = "C"
    CM = "CM"
    CD = "CD"
    CV = "CV"
    AC = "AC"
    ACM = "ACM"
    ACD = "ACD"
    ACV = "ACV"
    PC = "PC"
    PCM = "PCM"
    PCD = "PCD"
    PCV = "PCV"


REQUIRED: Final[Mapping[tuple[str, str], type[StrEnum]]] = {
    ("ServiceRequest", "status"): RequestStatus,
    ("ServiceRequest", "intent"): RequestIntent,
    ("ServiceRequest", "priority"): RequestPriority,
    ("QuestionnaireResponse", "status"): ResponseStatus,
    ("Identifier", "use"): IdentifierUse,
    ("HumanName", "use"): NameUse,
    ("ContactPoint", "system"): ContactSystem,
    ("ContactPoint", "use"): ContactUse,
    ("Address", "use"): AddressUse,
    ("Address", "type"): AddressType,
    ("Patient", "gender"): Gender,
    ("PatientContact", "gender"): Gender,
    ("PatientLink", "type"): LinkType,
    ("Narrative", "status"): NarrativeStatus,
    ("Quantity", "comparator"): Comparator,
    ("PractitionerRoleAvailableTime", "daysOfWeek"): Day,
    ("TimingRepeat", "dayOfWeek"): Day,
    ("TimingRepeat", "durationUnit"): UnitOfTime,
    ("TimingRepeat", "periodUnit"): UnitOfTime,
    ("TimingRepeat", "when"): Meal,
}
"""By type and element: the codes it may have."""

NOT_TAKEN: Final = frozenset(
    {"Contributor", "DataRequirement", "Expression", "ParameterDefinition", "RelatedArtifact", "TriggerDefinition"}
)
"""Types that could stand in an extension and have codes of their own: nothing we read has them, so none is taken."""
