"""A case page among many stored cases, as a therapist opens it: milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col

from bench import pages, rig
from bench.footprint import unit
from bench.rig import Row
from chassis import SERVICE, Service, Settings, Transaction
from chassis.db import Database
from chassis.seal import Sealer, make_keys
from chassis.tables import outbox
from chassis.transaction import write_down
from contracts.portal import Answer, ContactOpened
from services import NAMES
from services.intake.app import build
from services.intake.due.models import DueTime
from services.intake.settings import QUESTIONNAIRES
from services.intake.triage.questionnaire import Questionnaire, load_questionnaires

CASES, BATCH, OPENED = 10_000, 500, 300
MUNICIPALITIES = ("075", "285", "286", "489", "624", "935")


async def measure() -> list[Row]:
    with rig.new_folder() as folder:
        contacts = _stored(folder)
        async with unit(folder) as (address, _), pages.browser(address) as therapist:
            await pages.logs_in(therapist)
            chosen = Random(5).sample(contacts, OPENED)
            return await pages.timed(
                therapist,
                f"case page, {CASES:,} stored",
                [f"/fi/desk/cases/{contact_id}" for contact_id in chosen],
                case="cases",
                at_most=30.0,
            )


def _stored(folder: Path) -> list[UUID]:
    """Contacts that intake itself has decided about, a minute between them; nothing is left to be told or owed."""
    settings = Settings(data_dir=folder)
    make_keys(settings.keys_dir, NAMES)
    service = build(settings)
    database = Database(settings.database(service.name), service.name)
    database.migrate(service.migrations)
    rules, random, found = load_questionnaires(QUESTIONNAIRES).version("2026-11-01"), Random(4), list[UUID]()
    assert rules is not None
    for batch in range(0, CASES, BATCH):
        facts = [_opened(rules, random, number) for number in range(batch, batch + BATCH)]
        database.write(lambda session, facts=facts: _decide(service, session, settings, facts))
        found += [fact.contact_id for fact in facts]
    database.write(_met)
    database.close()
    return found


def _met(session: Session) -> None:
    """All that was owed has been kept, and everybody has heard of it."""
    session.connection().execute(update(DueTime).values(kept_at=col(DueTime.set_at), next_at=None))
    session.connection().execute(outbox.delete())


def _opened(rules: Questionnaire, random: Random, number: int) -> ContactOpened:
    """Somebody of any municipality with any trouble and no red flag."""
    trouble = random.choice(rules.troubles)
    answers = [Answer(question=code, answer="no") for code in trouble.flags]
    answers += [
        Answer(question=code, answer=random.choice(rules.question(code).options).code) for code in trouble.questions
    ]
    return ContactOpened(
        contact_id=UUID(int=random.getrandbits(128), version=4),
        area="10",
        municipality=random.choice(MUNICIPALITIES),
        origin="chat",
        language="fi",
        trouble=trouble.code,
        age_band="23_74",
        questionnaire=rules.version,
        answers=tuple(answers),
        opened_at=datetime.now(UTC) - timedelta(minutes=CASES - number),
    )


def _decide(service: Service, session: Session, settings: Settings, facts: list[ContactOpened]) -> None:
    handlers = {kind.cls: service.wire(handler, 2) for kind, handler in service.handlers.items()}
    sealer = Sealer(settings.keys_dir, service.name)
    for fact in facts:
        tx = Transaction(service.name, session, sealer, viewer=SERVICE)
        handlers[ContactOpened](fact, tx)
        session.flush()
        write_down(session, [tx])
