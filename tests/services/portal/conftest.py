from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest

from tests.services.intake.builders import write_two_versions
from tests.services.portal.town import Town


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page waits for its parts: here all of them are in this process, however slow the machine."""
    monkeypatch.setattr("services.portal.edge.READ_SECONDS", 60.0)


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Databases and keys of a town where nothing has happened yet: made once, copied for every test."""
    folder = tmp_path_factory.mktemp("founded")
    Town(folder).close()
    return folder


@pytest.fixture
def town(founded: Path, tmp_path: Path) -> Iterator[Town]:
    place = Town(copytree(founded, tmp_path / "town"))
    yield place
    place.close()


@pytest.fixture
def closed_town(founded: Path, tmp_path: Path) -> Iterator[Town]:
    """Keeps the counties' own opening hours."""
    place = Town(copytree(founded, tmp_path / "town"), always_open=False)
    yield place
    place.close()


@pytest.fixture
def renewing_town(founded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    """Its questionnaire changes at midnight of the 25th."""
    write_two_versions(tmp_path / "versions")
    monkeypatch.setenv("INTAKE_QUESTIONNAIRES_DIR", str(tmp_path / "versions"))
    place = Town(copytree(founded, tmp_path / "town"))
    yield place
    place.close()
