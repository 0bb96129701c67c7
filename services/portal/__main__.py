"""Run the portal service alone."""

from services.__main__ import main

main("run", "portal")
