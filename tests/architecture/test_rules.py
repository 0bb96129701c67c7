"""The house rules hold in the whole tree, and each of them is seen to bite."""

import ast
from pathlib import PurePosixPath

import pytest

from tests.architecture.rules import CODE, RULES, Source, sources

HANDLER = "@on(X)\ndef act(fact, tx):\n" + "    tx.publish(1)\n" * 21

PLANTED = [
    ("raw_bus", "services/chat/handlers.py", "import nats"),
    ("raw_bus", "services/chat/jobs.py", "from faststream.nats import NatsBroker"),
    ("raw_bus", "services/portal/edge.py", "broker.subscriber('evt.>')"),
    ("raw_bus", "contracts/chat.py", "js.publish_async('evt.x', b'')"),
    ("other_clocks", "services/chat/store.py", "datetime.now(UTC)"),
    ("other_clocks", "chassis/outbox.py", "datetime.utcnow()"),
    ("other_clocks", "chassis/outbox.py", "import time\ntime.time()"),
    ("other_clocks", "services/chat/jobs.py", "from time import time"),
    ("other_clocks", "services/chat/domain.py", "date.today()"),
    ("prints", "services/chat/answers.py", "print('here')"),
    ("impure_domain", "services/chat/domain.py", "from sqlmodel import Session"),
    ("impure_domain", "services/chat/domain.py", "import os"),
    ("impure_domain", "services/chat/domain.py", "from random import choice"),
    ("impure_domain", "services/chat/domain.py", "from services.chat import store"),
    ("impure_domain", "services/chat/domain.py", "from . import store"),
    ("impure_domain", "services/chat/domain.py", "from services.intake import questionnaire"),
    ("impure_domain", "services/chat/domain.py", "from chassis import clock"),
    ("impure_domain", "services/chat/domain/queue.py", "from chassis.db import Database"),
    ("commits", "services/chat/store.py", "session.commit()"),
    ("commits", "services/chat/handlers.py", "tx.session.rollback()"),
    ("scattered_sql", "services/chat/handlers.py", "from sqlmodel import select"),
    ("scattered_sql", "services/chat/answers.py", "select(Conversation)"),
    ("scattered_sql", "services/chat/jobs.py", "tx.session.exec(statement)"),
    ("scattered_sql", "services/chat/domain.py", "from sqlalchemy import insert"),
    ("chassis_knows_the_language", "chassis/run.py", "from contracts.chat import ConversationQueued"),
    ("chassis_knows_the_language", "chassis/run.py", "from contracts import chat"),
    ("long_files", "services/chat/store.py", "x = 1\n" * 451),
    ("long_functions", "chassis/run.py", "def run():\n" + "    x = 1\n" * 60),
    ("long_handlers", "services/chat/handlers.py", HANDLER),
    ("waiting_handlers", "services/chat/handlers.py", "async def act(fact, tx): ..."),
    ("typed_subjects", "services/chat/jobs.py", "subject = 'evt.10.285.chat.conversation_queued.v1'"),
    ("typed_subjects", "services/portal/edge.py", "subject = f'cmd.chat.{name}'"),
]

ALLOWED = [
    ("raw_bus", "chassis/bus.py", "import nats"),
    ("raw_bus", "contracts/kit/subscriber.py", "import nats"),
    ("raw_bus", "services/chat/handlers.py", "tx.publish(ConversationQueued())"),
    ("other_clocks", "chassis/clock.py", "datetime.now(UTC)"),
    ("other_clocks", "chassis/asking.py", "time.monotonic()"),
    ("prints", "services/cli.py", "print('here')"),
    ("impure_domain", "services/chat/domain.py", "from chassis.errors import Refused\nfrom datetime import datetime"),
    ("impure_domain", "services/chat/domain.py", "from chassis.calendar import add_business_days"),
    ("impure_domain", "services/chat/domain.py", "from contracts.callbacks import CallOutcome"),
    ("impure_domain", "services/intake/domain.py", "from services.intake.triage.questionnaire import Rules"),
    ("impure_domain", "services/intake/domain.py", "from services.intake import questionnaire"),
    ("commits", "chassis/db.py", "connection.commit()"),
    ("scattered_sql", "services/chat/store.py", "from sqlmodel import select"),
    ("scattered_sql", "services/chat/models.py", "from sqlalchemy import text"),
    ("scattered_sql", "services/chat/migrations/versions/0001_first.py", "op.execute('x')"),
    ("chassis_knows_the_language", "chassis/run.py", "from contracts.base import EVENTS"),
    ("chassis_knows_the_language", "chassis/run.py", "from contracts import EVENTS"),
    ("long_functions", "services/chat/migrations/versions/0001_first.py", "def upgrade():\n" + "    x = 1\n" * 99),
    ("typed_subjects", "contracts/base.py", "subject = f'evt.{area}.x'"),
]


def found(rule: str, path: str, code: str) -> list[str]:
    return list(RULES[rule](Source(PurePosixPath(path), code)))


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_holds(rule: str) -> None:
    assert [line for source in sources(*CODE) for line in RULES[rule](source)] == []


@pytest.mark.parametrize("rule", ["long_files", "long_functions"])
def test_tests_keep_the_size_too(rule: str) -> None:
    assert [line for source in sources("tests") for line in RULES[rule](source)] == []


@pytest.mark.parametrize(("rule", "path", "code"), PLANTED)
def test_a_violation_is_found(rule: str, path: str, code: str) -> None:
    assert len(found(rule, path, code)) == 1


@pytest.mark.parametrize(("rule", "path", "code"), ALLOWED)
def test_what_is_meant_to_be_allowed_is_let_be(rule: str, path: str, code: str) -> None:
    assert found(rule, path, code) == []


def test_every_rule_has_a_planted_violation() -> None:
    assert {rule for rule, _, _ in PLANTED} == set(RULES)


def test_no_test_imports_from_conftest() -> None:
    for source in sources("tests"):
        for node in source.nodes(ast.ImportFrom):
            assert "conftest" not in (getattr(node, "module", None) or ""), source.path
