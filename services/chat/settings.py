"""Knobs of the chat service, environment prefix CHAT_."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ChatSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="CHAT_", frozen=True, extra="ignore")

    desk_rows: Annotated[int, Field(ge=1, le=500)] = 100
    """Most rows of one desk list; the most urgent come first."""
    messages_bytes: Annotated[int, Field(ge=10_000, le=900_000)] = 600_000
    """Most bytes of messages in one answer; the bus carries 1 MB."""
