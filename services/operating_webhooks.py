"""`digi bus webhook`: what was posted to a neighbour, sending it again, and the secrets it is signed with."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from typing import Any, TypeVar

from sqlmodel import Session

from chassis import Refused, Service, Settings, clock, neighbours
from chassis.db import Database
from services.notifications.models import WebhookPost
from services.notifications.webhooks import domain, store
from services.notifications.webhooks.keyring import Keyring
from services.saying import Said, command, day, moment

T = TypeVar("T")
POST_LINE = "{taken:16}  {event:40}  {state:9}  {tries:>5}  {answer:15}  {then:16}  {id}"
SHOWN = 20
NEW_SECRET = "its secret, shown this once: {webhook_secret}"  # noqa: S105  # where one goes


def add(whats: Any) -> None:
    """Declare the command under `digi bus`."""
    webhook = command(
        whats,
        "webhook",
        _log,
        help="what was posted to a neighbour; send it again; change its secret",
        description="What was posted to a neighbour that has a webhook, newest last. Of the choices below, one at a "
        "time does something else instead. It needs the database of notifications and the keys, not the bus.",
    )
    webhook.add_argument("name", help="as `digi bus accounts` lists it")
    webhook.add_argument("--last", type=int, default=SHOWN, metavar="N", help=f"so many of them ({SHOWN})")
    webhook.add_argument("--failed", action="store_true", help="only those that were given up")
    acts = webhook.add_mutually_exclusive_group()
    acts.add_argument("--replay", metavar="EVENT_ID", help="send one again, with the same id and body")
    acts.add_argument("--since", type=day, metavar="DAY", help="send again everything on record from a day on")
    for option, do, meaning in (
        ("--resume", _resume, "go on after the receiver had said that it wants nothing any more (410)"),
        ("--new-secret", _new_secret, "make a new secret and show it once; both sign until the old one is retired"),
        ("--retire-secret", _retire_secret, "let the newest secret alone sign"),
    ):
        acts.add_argument(option, dest="act", action="store_const", const=do, help=meaning)


def secrets(settings: Settings) -> Keyring:
    """The secrets that posts are signed with."""
    return Keyring(settings.webhook_secrets_dir)


def first_secret(settings: Settings, name: str) -> dict[str, str]:
    """Make a secret for a neighbour that has none: `webhook_secret`, or nothing. Safe to repeat."""
    return {} if secrets(settings).of(name) else {"webhook_secret": secrets(settings).add(name)}


def check_address(settings: Settings, address: str) -> None:
    """Look whether facts may be posted to an address.

    Raises:
        ValueError: says why not.
    """
    if why := domain.must_not_be_posted_to(address, practice=settings.practice):
        raise ValueError(why)


def send_again(settings: Settings, name: str, *, event_id: str | None = None, since: datetime | None = None) -> int:
    """Let what is on record be posted once more; returns how much."""
    return _in_database(
        settings, lambda session: store.send_again(session, name, clock.now(), event_id=event_id, since=since)
    )


def _in_database(settings: Settings, work: Callable[[Session], T]) -> T:
    service = Service(name="notifications", settings=settings)
    with closing(Database(settings.database(service.name), service.name)) as database:
        database.migrate(service.migrations)  # notifications may not have run yet
        return database.write(work)


def _settings(arguments: argparse.Namespace) -> Settings:
    settings = Settings()
    if not neighbours.one(settings.neighbours_dir, arguments.name).webhook:
        raise Refused("no-webhook", f"{arguments.name} reads the bus itself; nothing is posted to it")
    return settings


def _log(arguments: argparse.Namespace) -> Said:
    settings = _settings(arguments)
    if arguments.replay or arguments.since:
        return _replay(arguments, settings)
    posts, stop = _in_database(
        settings,
        lambda session: (
            store.log(session, arguments.name, most=arguments.last, failed=arguments.failed),
            store.stopped_since(session, arguments.name),
        ),
    )
    address = neighbours.one(settings.neighbours_dir, arguments.name).webhook
    stopped_at = stop.stopped_at if stop and stop.address == address else None
    shown = [_shown(each) for each in posts]
    heads = {name: name for name in "taken event state tries answer then id".split()}
    lines = [POST_LINE.format(**each) for each in [heads, *map(_for_a_person, shown)]] if shown else []
    lines.append(f"{arguments.name}, posted to {address}: {len(shown)} shown")
    if stopped_at:
        lines.append(f"STOPPED {moment(stopped_at)}: the receiver wants nothing any more (410); --resume goes on")
    return Said("\n".join(lines), {"stopped_at": stopped_at and stopped_at.isoformat(), "posts": shown})


def _shown(post: WebhookPost) -> dict[str, Any]:
    then = post.ended_at or post.due_at
    told = post.model_dump(include={"event_id", "event", "area", "state", "attempts", "answer", "status"})
    return told | {"taken_at": post.taken_at.isoformat(), "ended_at" if post.ended_at else "due_at": then.isoformat()}


def _for_a_person(shown: dict[str, Any]) -> dict[str, Any]:
    answer = " ".join(str(each) for each in (shown["answer"], shown["status"]) if each is not None)
    return {
        "taken": moment(datetime.fromisoformat(shown["taken_at"])),
        "event": shown["event"],
        "state": shown["state"],
        "tries": shown["attempts"],
        "answer": answer or "–",
        "then": moment(datetime.fromisoformat(shown.get("ended_at") or shown["due_at"])),
        "id": shown["event_id"],
    }


def _replay(arguments: argparse.Namespace, settings: Settings) -> Said:
    count = send_again(settings, arguments.name, event_id=arguments.replay, since=arguments.since)
    if arguments.replay and not count:
        raise Refused("no-such-post", f"{arguments.replay} is not on record for {arguments.name}, or still waits")
    return Said(f"sent again to {arguments.name}: {count}", {"name": arguments.name, "sent_again": count})


def _resume(arguments: argparse.Namespace) -> Said:
    _in_database(_settings(arguments), lambda session: store.resume(session, arguments.name, clock.now()))
    return Said(f"{arguments.name} is posted to", {"name": arguments.name, "stopped_at": None})


def _new_secret(arguments: argparse.Namespace) -> Said:
    made = {"webhook_secret": secrets(_settings(arguments)).add(arguments.name)}
    text = f"{NEW_SECRET.format(**made)}\nboth sign now; once the receiver has it: --retire-secret"
    return Said(text, {"name": arguments.name} | made)


def _retire_secret(arguments: argparse.Namespace) -> Said:
    secrets(_settings(arguments)).retire(arguments.name)
    return Said(f"the newest secret alone signs for {arguments.name}", {"name": arguments.name})
