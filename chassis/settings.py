"""Settings every process shares: typed, read once from the environment (prefix DIGI_), with working local defaults."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

ROOT = Path(__file__).resolve().parents[1]
Port = Annotated[int, Field(ge=0, le=65_535)]


class Profile(StrEnum):
    """What this installation is for."""

    PRACTICE = "practice"
    """Invented residents and staff, a stand-in identification page, mail caught locally, a chat that is always open."""
    PRODUCTION = "production"
    """Real people: refuses everything that only practice may have."""


class Settings(BaseSettings):
    """What a process must know before it starts."""

    model_config = SettingsConfigDict(env_prefix="DIGI_", frozen=True, extra="ignore")

    profile: Profile = Profile.PRACTICE
    practice_hours: bool = True
    """In practice every channel is open at all hours; false keeps the county's own."""
    data_dir: Path = Path(".data")
    """Databases, keys and the embedded server's store."""
    areas_dir: Path = ROOT / "deploy" / "areas"
    """One TOML file per county."""
    database_url: str = "sqlite:///{data_dir}/{service}.db"
    """SQLAlchemy URL; {service} and {data_dir} are filled in. PostgreSQL: postgresql+psycopg://…/{service}."""
    nats_url: str = ""
    """Empty: a nats-server of our own is started beside the services."""
    nats_monitor_url: str = ""
    """The server's monitoring address (http://host:8222); readiness asks it whether the server syncs every write."""
    nats_seed_file: Path | None = None
    """NKEY seed of this process; {service} is filled in. Empty: the one of a bus of our own, where there is one."""
    neighbours_folder: Path | None = None
    """What neighbours are granted, one file each. Empty: `neighbours` in the data folder."""
    embedded_nats_port: Port = 14222
    host: str = "127.0.0.1"
    port: Port = 8000
    """Where pages, health and metrics answer."""
    practice_mail_port: Port = 14025
    """Where a practice installation catches the mail it sends."""
    public_url: str = ""
    """How browsers reach the portal; empty: http://host:port."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"

    @property
    def practice(self) -> bool:
        """Whether this is a practice installation."""
        return self.profile is Profile.PRACTICE

    @property
    def always_open(self) -> bool:
        """Whether opening hours are set aside, as only practice may."""
        return self.practice and self.practice_hours

    @property
    def keys_dir(self) -> Path:
        """Private keys of this installation; readable by its user alone."""
        return self.data_dir / "keys"

    @property
    def seeds_dir(self) -> Path:
        """NKEY seeds for a bus of our own, one per identity."""
        return self.keys_dir / "bus"

    @property
    def neighbours_dir(self) -> Path:
        """One file per other system of the county (chassis.neighbours)."""
        return self.neighbours_folder or self.data_dir / "neighbours"

    @property
    def webhook_secrets_dir(self) -> Path:
        """With what posts to neighbours are signed; one file each."""
        return self.keys_dir / "webhooks"

    def seed_file(self, identity: str) -> Path | None:
        """With what an identity shows who it is on the bus; None where nobody is asked."""
        if self.nats_seed_file:
            return Path(str(self.nats_seed_file).format(service=identity))
        own = self.seeds_dir / f"{identity}.seed"
        return own if own.exists() else None

    @property
    def base_url(self) -> str:
        """How browsers reach the portal, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    def database(self, service: str) -> str:
        """The database of one service."""
        return self.database_url.format(data_dir=self.data_dir, service=service)

    @field_validator("database_url")
    @classmethod
    def _is_a_url(cls, url: str) -> str:
        try:
            make_url(url)
        except ArgumentError as error:
            raise ValueError("not a database URL: postgresql+psycopg://host/{service}") from error
        return url

    @model_validator(mode="after")
    def _production_is_explicit(self) -> Self:
        if self.practice:
            return self
        missing = [name for name in ("nats_url", "nats_monitor_url", "public_url") if not getattr(self, name)]
        if missing:
            raise ValueError("production needs " + ", ".join(f"DIGI_{name.upper()}" for name in missing))
        if not self.public_url.startswith("https://"):
            raise ValueError("production needs an https DIGI_PUBLIC_URL: cookies and identification depend on it")
        return self
