"""How a service is put together: parameters by their type, once each; who may look."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from chassis import Answers, Handlers, Jobs, Refused, Role, Service, Settings, Viewer
from chassis.viewer import SERVICE
from tests.chassis import echo


class Rocks: ...


class Snow: ...


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(name="echo", settings=Settings(data_dir=tmp_path), provides=[Rocks()])


def test_a_parameter_is_filled_by_its_type(service: Service) -> None:
    def handler(_fact: object, _tx: object, rocks: Rocks) -> Rocks:
        return rocks

    assert service.wire(handler, 2)("fact", "tx") is service.provides[0]


def test_a_parameter_nobody_provides_is_an_error_at_the_start(service: Service) -> None:
    def handler(_fact: object, _tx: object, snow: Snow) -> None: ...

    with pytest.raises(TypeError, match=r"handler wants .*Snow.*, which echo does not provide"):
        service.wire(handler, 2)


def test_what_the_running_service_adds_fills_parameters_too(service: Service) -> None:
    def job(_transact: object, snow: Snow) -> Snow:
        return snow

    snow = Snow()
    assert service.wire(job, 1, also=[snow])("transact") is snow


def test_a_fact_has_one_handler() -> None:
    on = Handlers()
    on(echo.Called)(lambda fact, tx: None)
    with pytest.raises(ValueError, match="handler already"):
        on(echo.Called)(lambda fact, tx: None)


def test_an_ask_has_one_answer() -> None:
    answers = Answers()
    answers(echo.Call)(lambda ask, tx: None)
    with pytest.raises(ValueError, match="answered already"):
        answers(echo.Call)(lambda ask, tx: None)


def test_jobs_are_kept_with_their_pause() -> None:
    jobs = Jobs()

    @jobs(every=timedelta(seconds=2))
    async def sweep() -> None: ...

    assert list(jobs) == [(timedelta(seconds=2), sweep)]


CONTACT = uuid4()


@pytest.mark.parametrize(
    ("viewer", "sees"),
    [
        (Viewer(role=Role.CLIENT, id=CONTACT), True),
        (Viewer(role=Role.CLIENT, id=uuid4()), False),
        (Viewer(role=Role.CLIENT, id=uuid4(), areas=frozenset({"10"})), False),
        (Viewer(role=Role.STAFF, id=uuid4(), areas=frozenset({"10"})), True),
        (Viewer(role=Role.STAFF, id=CONTACT, areas=frozenset({"18"})), False),
        (SERVICE, True),
    ],
)
def test_who_may_see_what_belongs_to_a_contact(viewer: Viewer, sees: bool) -> None:
    assert viewer.may_see(CONTACT, "10") is sees


@pytest.mark.parametrize(
    "viewer",
    [Viewer(role=Role.CLIENT, id=CONTACT), Viewer(role=Role.STAFF, id=uuid4(), areas=frozenset({"18"})), SERVICE],
)
def test_only_staff_of_the_area_pass_where_staff_is_asked_for(viewer: Viewer) -> None:
    with pytest.raises(Refused, match="not-yours"):
        viewer.must_be_staff("10")
