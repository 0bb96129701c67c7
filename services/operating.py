"""`digi bus`: what operators do to the bus. Every command speaks to a person, and with `--json` to a program."""

from __future__ import annotations

import argparse

from chassis import Settings, provision
from chassis.bus import Bus
from chassis.neighbours import load
from services import operating_letters as letters
from services import operating_neighbours as neighbours
from services import operating_reconcile as reconcile
from services import operating_webhooks as webhooks
from services.saying import Said, command, on_the_bus
from services.unit import build_all


def add(bus: argparse.ArgumentParser) -> None:
    """Declare the commands under `digi bus`."""
    whats = bus.add_subparsers(required=True, metavar="what")
    command(whats, "provision", _provision, help="make streams and consumers as the contracts say; safe to repeat")
    command(whats, "verify", _verify, help="say where streams and consumers are not as the contracts say")
    reconcile.add(whats)
    neighbours.add(whats)
    webhooks.add(whats)
    letters.add(whats.add_parser("dlq", help="dead letters: what a consumer could not handle"))


def _provision(_arguments: argparse.Namespace) -> Said:
    return _compared(on_the_bus(_made))


def _verify(_arguments: argparse.Namespace) -> Said:
    return _compared(on_the_bus(_differences))


def _compared(differences: list[str]) -> Said:
    last = f"{len(differences)} differences" if differences else "the bus is as the contracts say"
    return Said("\n".join([*differences, last]), {"differences": differences}, code=1 if differences else 0)


async def _made(bus: Bus, settings: Settings) -> list[str]:
    await provision.provision(bus.jetstream(), build_all(settings), load(settings.neighbours_dir).values())
    return await _differences(bus, settings)


async def _differences(bus: Bus, settings: Settings) -> list[str]:
    return await provision.differences(bus.jetstream(), build_all(settings))
