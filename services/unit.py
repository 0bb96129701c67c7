"""The services of the unit, put together by name."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

from chassis import Service, Settings
from services import NAMES


def build(name: str, settings: Settings) -> Service:
    """Put one service together."""
    service: Service = import_module(f"services.{name}.app").build(settings)
    return service


def build_all(settings: Settings) -> list[Service]:
    """Put every service together."""
    return [build(name, settings) for name in NAMES]


def consumers() -> dict[str, tuple[str, ...]]:
    """Which services act on each event, by `ce-type`, read off their handlers."""
    found: dict[str, tuple[str, ...]] = {}
    for name in NAMES:
        try:
            handlers = import_module(f"services.{name}.handlers")
        except ModuleNotFoundError as error:
            if error.name != f"services.{name}.handlers":
                raise
            continue  # a service that only publishes
        for heard in handlers.on:
            found[heard.declared.ce_type] = (*found.get(heard.declared.ce_type, ()), name)
    return found


def schemas() -> dict[Path, str]:
    """JSON Schemas of the data files that services keep beside their code, by where they are kept."""
    from services.intake.settings import QUESTIONNAIRES
    from services.intake.triage.questionnaire import schema

    return {QUESTIONNAIRES / "schema.json": json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"}
