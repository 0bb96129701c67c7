"""Small pieces of resources, found or made: extensions of ours, codings, what is contained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from services.portal.fhir.reading import Resource

OURS: Final = "urn:fi.digiterapia:fhir:"
"""Before the name of an extension or code system of ours."""
PERSONAL_IDENTITY_CODE: Final = "urn:oid:1.2.246.21"
"""Source: HL7 Finland, FI Base Profiles."""
MUNICIPALITY: Final = "urn:oid:1.2.246.537.6.21"
"""Source: as PERSONAL_IDENTITY_CODE."""

TURVAKIELTO: Final = "TURVAKIELTO"
"""Security label of non-disclosure for personal safety. Source: as PERSONAL_IDENTITY_CODE."""


def extension(resource: Resource, name: str) -> Any:
    """The value of an extension of ours; None when it is not there."""
    for one in resource.extension or ():
        if one.url == f"{OURS}{name}":
            values = (getattr(one, field) for field in one.model_fields_set if field.startswith("value"))
            return next((value for value in values if value is not None), None)
    return None


def coded(resource: Resource, name: str, system: str) -> str | None:
    """The code of an extension of ours that is a coding of a system."""
    return code_of([extension(resource, name)], system)


def code_of(codings: Iterable[Any], system: str) -> str | None:
    """The code of one system among codings."""
    return next((one.code for one in codings if one is not None and getattr(one, "system", None) == system), None)


def contained(resource: Resource, reference: Any, kind: str) -> Resource | None:
    """What a reference leads to inside the resource itself."""
    wanted = (reference.reference or "") if reference is not None else ""
    for one in resource.contained or ():
        if type(one).__name__ == kind and wanted == f"#{one.id}":
            return one
    return None


def is_under_non_disclosure(resource: Resource) -> bool:
    """Whether a resource is labelled as that of somebody under non-disclosure, whichever code system says it."""
    labels = (resource.meta.security or ()) if resource.meta else ()
    return any(one.code == TURVAKIELTO for one in labels)


def told(name: str, **value: Any) -> Mapping[str, Any]:
    """An extension of ours as it is written."""
    return {"url": f"{OURS}{name}", **value}
