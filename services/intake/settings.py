"""Knobs of intake alone: the keys of its identity vault, how long a case can be gone on with (prefix INTAKE_)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

QUESTIONNAIRES = Path(__file__).with_name("triage") / "questionnaires"
FALL_RULES = Path(__file__).with_name("falls") / "rules"


class IntakeSettings(BaseSettings):
    """What intake must know before it starts. In production one of the two places of keys is set."""

    model_config = SettingsConfigDict(env_prefix="INTAKE_", frozen=True, extra="ignore")

    questionnaires_dir: Path = QUESTIONNAIRES
    """One TOML file per version."""
    fall_rules_dir: Path = FALL_RULES
    """The same for fall prevention."""
    vault_keys: SecretStr | None = None
    """Keys of the vault, `<id>:<32 bytes in base64>`, separated by white space. The first locks, all open."""
    vault_keys_file: Path | None = None
    """A secret file that holds the same. In practice, when neither is set, one is made under the data folder."""
    quiet_days: Annotated[int, Field(ge=1, le=365)] = 30
    """After how long without anything going on a contact is over."""
    reopen_days: Annotated[int, Field(ge=0, le=365)] = 30
    """How long after its end a case is still offered to be gone on with."""
