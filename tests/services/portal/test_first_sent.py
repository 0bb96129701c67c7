"""A form tells its fact once, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from chassis import Service
from services.portal import store
from services.portal.models import PortalTable
from tests.stack import DATABASES
from tests.unit import Unit, practice_settings


@pytest.fixture(params=DATABASES)
def portal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Unit]:
    given = {}
    if request.param == "postgresql":
        given["database_url"] = request.getfixturevalue("postgres").make(["portal"])
    settings = practice_settings(tmp_path, **given)
    unit = Unit(Service(name="portal", settings=settings, tables=PortalTable.metadata))
    yield unit
    unit.close()


def test_a_form_is_sent_first_once(portal: Unit) -> None:
    contact_id = uuid4()
    sent = [
        portal.transact(
            lambda tx: store.first_sent(tx, who="api", key="key", contact_id=contact_id, what=store.CONTACT)
        )
        for _ in range(2)
    ]
    assert sent == [True, False]
