from pathlib import Path
from uuid import uuid4

from contracts.chat import GetChannel
from services.chat.app import build
from tests.factories import client
from tests.services.chat.desk import Desk
from tests.unit import Unit, practice_settings


def test_a_channel_is_always_open_in_practice(chat: Unit) -> None:
    view = chat.asks(GetChannel(area="18"), viewer=client(uuid4()))
    assert (view.open, view.practice, view.closes_at) == (True, True, None)


def test_a_channel_keeps_its_hours_in_production(tmp_path: Path) -> None:
    """The clock starts on a Tuesday at 10.00: Soite chats Tue and Thu 9-11 (rule 20)."""
    over = {"nats_url": "nats://bus", "nats_monitor_url": "http://bus", "public_url": "https://example.fi"}
    chat = Unit(build(practice_settings(tmp_path, profile="production", **over)))
    before = chat.asks(GetChannel(area="18"), viewer=client(uuid4())).open
    Desk(chat).later(hours=1)
    after = chat.asks(GetChannel(area="18"), viewer=client(uuid4())).open
    chat.close()
    assert (before, after) == (True, False)


def test_an_area_without_a_file_has_no_channel(desk: Desk) -> None:
    assert desk.refusal(GetChannel(area="02"), client(uuid4())) == "unknown-area"
