"""The secrets that posts are signed with: `<keys_dir>/webhooks/<name>.secret`, one a line, newest first.

Read anew for every post: a secret that comes or goes takes effect without a restart.
"""

from __future__ import annotations

import os
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

from chassis.neighbours import SECRETS
from chassis.seal import replace_private
from services.notifications.webhooks.domain import SECRET_PREFIX

SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Keyring:
    """The secrets of every neighbour that is posted to."""

    folder: Path

    def of(self, name: str) -> tuple[str, ...]:
        """Its secrets, newest first; none when there are none."""
        try:
            return tuple(self._file(name).read_text(encoding="ascii").split())
        except FileNotFoundError:
            return ()

    def add(self, name: str) -> str:
        """Make a secret that signs beside the one there is, and give it back.

        Raises:
            ValueError: two sign already.
        """
        there = self.of(name)
        if len(there) >= SECRETS:
            raise ValueError(f"two secrets sign for {name} already: --retire-secret first")
        fresh = SECRET_PREFIX + b64encode(os.urandom(SECRET_BYTES)).decode()
        self._write(name, (fresh, *there))
        return fresh

    def retire(self, name: str) -> None:
        """Let the newest alone sign.

        Raises:
            ValueError: no other does.
        """
        there = self.of(name)
        if len(there) < SECRETS:
            raise ValueError(f"only one secret signs for {name}: --new-secret first, and hand it over")
        self._write(name, there[:1])

    def forget(self, name: str) -> None:
        """Sign for it no more. Safe to repeat."""
        self._file(name).unlink(missing_ok=True)

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.secret"

    def _write(self, name: str, secrets: tuple[str, ...]) -> None:
        replace_private(self._file(name), "\n".join((*secrets, "")))
