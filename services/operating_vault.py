"""`digi vault`: the keys of the identity vault."""

from __future__ import annotations

import argparse
from contextlib import closing

from chassis import Service, Settings
from chassis.db import Database, is_there
from services.intake.app import vault_of
from services.intake.rotation import Rotated, rotate
from services.intake.settings import IntakeSettings
from services.saying import Said, command, listed


def add(vault: argparse.ArgumentParser) -> None:
    """Declare the commands under `digi vault`."""
    command(
        vault.add_subparsers(required=True, metavar="what"),
        "rotate",
        _rotate,
        help="bring what is locked under another key under the first one of the settings",
        description="Bring what the identity vault holds under another key under the first key of the settings, in "
        "small transactions: safe to repeat, to stop and to kill, while work goes on. Needs the database and the keys "
        "of intake, not the bus. A key can be removed when it says 0 left; exit code 1 while something is.",
    )


def _rotate(_arguments: argparse.Namespace) -> Said:
    settings = Settings()
    service, url = Service(name="intake", settings=settings), settings.database("intake")
    if not is_there(url):
        raise ValueError("intake has no database yet: nothing is locked")
    vault = vault_of(settings, IntakeSettings())
    with closing(Database(url, service.name)) as database:
        database.migrate(service.migrations)  # intake may not have run yet
        return _said(
            rotate(database.write, vault), vault.current, [one for one in vault.key_ids if one != vault.current]
        )


def _said(done: Rotated, present: str, others: list[str]) -> Said:
    left = sum(done.left.values())
    lines = [
        f"{table}: {count} brought under {present}, {done.left[table]} left" for table, count in done.relocked.items()
    ]
    if done.forgotten:
        lines.append(f"lookups under keys that are given no more, forgotten: {done.forgotten}")
    if left:
        lines.append(f"{left} left: a process still locks with another key, or a key is missing from the settings")
    else:
        lines.append(f"0 left: everything is under {present}; can be removed: {listed(others)}")
    data = {"key": present, "relocked": done.relocked, "left": done.left, "forgotten": done.forgotten}
    return Said("\n".join(lines), data | {"removable": [] if left else others}, code=1 if left else 0)
