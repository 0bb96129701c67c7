"""Neighbours tell their facts here: over HTTP, each what it was granted, about contacts it opened.

`install(app, edge)` is all the portal needs to call. What comes in is checked in `domain`, told once in `posting`.
"""

from services.portal.neighbours.routes import install

__all__ = ["install"]
