"""Every service has the same files, so that who knows one finds the way in all."""

import ast
from pathlib import Path

import pytest

from services import NAMES
from tests.architecture.rules import ROOT

SERVICES = ROOT / "services"
USUAL = {
    "__init__.py", "__main__.py", "app.py", "settings.py", "domain.py", "models.py", "store.py", "handlers.py",
    "answers.py", "jobs.py", "metrics.py", "migrations", "clients",
}  # fmt: skip
ONCE = {"__main__.py", "app.py", "settings.py", "migrations"}
"""What a process has one of, and so stands with the service."""
NEEDED = {"__init__.py", "__main__.py", "app.py", "models.py", "migrations"}
TOPICS = {
    "intake": {
        "cases",
        "closings",
        "demand",
        "direct_access",
        "due",
        "falls",
        "identity",
        "matching",
        "non_disclosure",
        "overview",
        "referrals",
        "triage",
    },
    "notifications": {"webhooks"},
}
"""What a service of several duties is laid out by: a folder each, with the usual files again."""
OWN = {
    "intake": {"rotation.py"},
    "scheduling": {"licences.py", "practice.toml"},
    "notifications": {"templates"},
    "intake/triage": {"finding.py", "questionnaire.py", "questionnaires", "shadow.py"},
    "intake/identity": {"vault.py"},
    "intake/falls": {"ruleset.py", "rules"},
    "notifications/webhooks": {"keyring.py", "receivers.py"},
}
"""What a service or a topic has beside the usual, because its duty is a thing of its own."""
WEB = "portal"
"""The web edge is laid out by pages."""


def folders() -> set[str]:
    return {path.name for path in SERVICES.iterdir() if path.is_dir() and not path.name.startswith(("_", "."))}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name != "__pycache__" and not path.name.startswith(".")}


def test_every_folder_is_a_service_and_every_service_a_folder() -> None:
    assert folders() == set(NAMES)


@pytest.mark.parametrize("service", NAMES)
def test_a_service_has_what_every_process_needs(service: str) -> None:
    assert names(SERVICES / service) >= NEEDED


@pytest.mark.parametrize("service", sorted(set(NAMES) - {WEB}))
def test_a_service_has_the_usual_files(service: str) -> None:
    assert names(SERVICES / service) - USUAL - TOPICS.get(service, set()) <= OWN.get(service, set())


@pytest.mark.parametrize(
    "topic", sorted(f"{service}/{topic}" for service, all_of_it in TOPICS.items() for topic in all_of_it)
)
def test_a_topic_has_the_usual_files_again(topic: str) -> None:
    """Whoever knows one service finds the way in its topics. What a process has one of stays with the service."""
    assert names(SERVICES / topic) - OWN.get(topic, set()) <= USUAL - ONCE


@pytest.mark.parametrize("service", NAMES)
def test_a_service_says_what_its_duty_is(service: str) -> None:
    tree = ast.parse((SERVICES / service / "__init__.py").read_text("utf-8"))
    assert ast.get_docstring(tree)
    assert len(tree.body) == 1


@pytest.mark.parametrize("service", NAMES)
def test_a_service_is_started_by_one_call(service: str) -> None:
    tree = ast.parse((SERVICES / service / "__main__.py").read_text("utf-8"))
    assert len([node for node in tree.body if not isinstance(node, ast.Import | ast.ImportFrom)]) <= 2


@pytest.mark.parametrize("service", sorted(set(NAMES) - {WEB}))
def test_the_composition_root_is_short(service: str) -> None:
    """app.py wires; what does not fit is a rule, a statement or an effect and has its place."""
    assert (SERVICES / service / "app.py").read_text("utf-8").count("\n") <= 60
