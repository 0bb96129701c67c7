"""Own knobs of the feedback service."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class FeedbackSettings(BaseSettings):
    """Read once in app.py, prefix FEEDBACK_."""

    model_config = SettingsConfigDict(env_prefix="FEEDBACK_", frozen=True, extra="ignore")

    told_after_days: int = Field(default=1, ge=0)
    """Local days before an answer is told outside, so that the moment of telling is not the moment of answering.
    0, told by the next run, is for practice alone."""
    texts_shown: int = Field(default=200, ge=1)
    """How many free texts one reading shows at most, newest day first."""
