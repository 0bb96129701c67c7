"""Knobs of scheduling alone: where the licences of the staff are (prefix SCHEDULING_)."""

from __future__ import annotations

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class SchedulingSettings(BaseSettings):
    """What scheduling must know before it starts."""

    model_config = SettingsConfigDict(env_prefix="SCHEDULING_", frozen=True, extra="ignore")

    licences_file: Path | None = None
    """Licences of the staff. Without it nobody has any; in practice the invented therapists have theirs."""
