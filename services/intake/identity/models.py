"""Persons of the identity vault."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlmodel import Field

from chassis.db import UtcInstant
from services.intake.models import IntakeTable


class Person(IntakeTable, table=True):
    """Somebody strongly identified, or sent by a professional.

    What names a person is locked, each value for its own row and column.
    """

    LOCKED: ClassVar = ("personal_identity_code", "family_name", "given_names", "birth_date", "phone", "email")

    person_id: UUID = Field(primary_key=True)
    lookup: str | None = Field(default=None, unique=True, max_length=100)
    """Empty: what a person is recognised by stands in `PersonLookup`. The column goes with the next contraction."""
    personal_identity_code: str | None
    family_name: str
    given_names: str
    birth_date: str
    phone: str | None = None
    """Given by the person, after identifying; nobody is recognised by it. The same of the address."""
    phone_given_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    email: str | None = None
    email_given_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    first_seen_at: datetime = Field(sa_type=UtcInstant)
    seen_at: datetime = Field(sa_type=UtcInstant)


class PersonLookup(IntakeTable, table=True):
    """What a person is recognised by: keyed hashes of the personal identity code, one under every key that is given.

    Two processes that are given their keys in another order, as while keys rotate, still keep one row per person. Who
    has no code has no row and is never merged by a machine (rule 7).
    """

    __tablename__ = "person_lookup"

    lookup: str = Field(primary_key=True, max_length=100)
    person_id: UUID = Field(foreign_key="person.person_id", index=True)
