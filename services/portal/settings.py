"""Knobs of the portal, environment prefix PORTAL_."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

MAPPINGS = Path(__file__).with_name("assessments") / "mappings"


class PortalSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="PORTAL_", frozen=True, extra="ignore")

    allowed_hosts: tuple[str, ...] = ()
    """Further host names the portal answers to, beside the one of its public address."""
    body_limit_bytes: Annotated[int, Field(ge=16_384)] = 65_536
    """Longest request body."""
    reread_seconds: Annotated[float, Field(gt=0)] = 10.0
    """How often an open page reads again although nobody hinted: a hint may be lost."""
    reread_personal_seconds: Annotated[float, Field(gt=0)] = 60.0
    """The same for lists with personal data: every read of them is audited."""
    streams_limit: Annotated[int, Field(ge=1)] = 2_000
    """Open pages served live at once; further ones are told to come back later."""
    streams_per_session: Annotated[int, Field(ge=1)] = 6
    """Of one browser: a browser opens no more connections to one host anyway (HTTP/1.1)."""
    mappings_dir: Path = MAPPINGS
    """What the answers of symptom assessments elsewhere mean here: one TOML file per version."""
