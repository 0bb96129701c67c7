from __future__ import annotations

from pathlib import Path

import pytest

from chassis import Settings, clock
from chassis.neighbours import Neighbour, save
from services.notifications.app import build
from services.notifications.webhooks.receivers import Receivers

PRODUCTION = {
    "profile": "production",
    "nats_url": "tls://bus.invalid:4222",
    "nats_monitor_url": "https://bus.invalid:8222",
    "public_url": "https://booking.invalid",
}
OWN = {"SMTP_HOST": "mail.invalid", "SMTP_PORT": "587", "SMTP_STARTTLS": "true", "SENDER": "noreply@booking.example"}


def test_practice_needs_no_setting_and_sends_to_the_mail_catcher(tmp_path: Path) -> None:
    gateway, _ = build(Settings(data_dir=tmp_path, practice_mail_port=14999)).provides
    assert (gateway.settings.smtp_host, gateway.settings.smtp_port) == ("127.0.0.1", 14999)


@pytest.mark.parametrize("missing", OWN)
def test_production_does_not_send_by_the_defaults_of_practice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    for name in OWN.keys() - {missing}:
        monkeypatch.setenv(f"NOTIFICATIONS_{name}", OWN[name])
    with pytest.raises(ValueError, match=f"NOTIFICATIONS_{missing}"):
        build(Settings(data_dir=tmp_path, **PRODUCTION))


def test_production_starts_with_gateway_encryption_and_sender_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in OWN.items():
        monkeypatch.setenv(f"NOTIFICATIONS_{name}", value)
    assert build(Settings(data_dir=tmp_path, **PRODUCTION)).name == "notifications"


def test_production_posts_to_https_alone_whatever_a_file_says(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, **PRODUCTION)
    for name, address in (("clear", "http://127.0.0.1:9000/"), ("safe", "https://receiver.example/")):
        granted = Neighbour(name=name, since=clock.now(), reads=("scheduling.visit_completed.v1",), webhook=address)
        save(settings.neighbours_dir, granted)
    there, _ = Receivers(settings).all()
    assert list(there) == ["safe"]


@pytest.mark.parametrize("sender", ["", "Booking <noreply@booking.example>", "noreply@booking.example\nBcc: x@y.fi"])
def test_a_sender_that_is_no_plain_address_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sender: str
) -> None:
    monkeypatch.setenv("NOTIFICATIONS_SENDER", sender)
    with pytest.raises(ValueError, match="NOTIFICATIONS_SENDER"):
        build(Settings(data_dir=tmp_path))
