from __future__ import annotations

from tests.stack import postgres

__all__ = ["postgres"]  # a fixture, shared with the other folders that need the server
