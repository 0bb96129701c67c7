"""Own knobs of the notifications service."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class NotificationsSettings(BaseSettings):
    """Read once in app.py, prefix NOTIFICATIONS_. The defaults lead to the practice installation's mail catcher."""

    model_config = SettingsConfigDict(env_prefix="NOTIFICATIONS_", frozen=True, extra="ignore")

    smtp_host: str = "127.0.0.1"
    smtp_port: int = Field(default=0, ge=0, le=65535)
    """0: the practice installation's mail catcher."""
    smtp_starttls: bool = False
    """Demand an encrypted connection; a gateway that does not offer it gets no mail."""
    smtp_user: str = ""
    """Empty: no login."""
    smtp_password: SecretStr = SecretStr("")
    smtp_timeout_seconds: float = Field(default=10.0, gt=0, le=30)
    """For each step of the talk with the gateway."""
    sender: str = "noreply@booking.invalid"
    """Where mail comes from. It is seen by whoever sees the mailbox: let it name neither the unit nor a kind of care
    (rule 34)."""
