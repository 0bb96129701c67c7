"""Run the portal service alone."""

from services.cli import main

main(["run", "portal"])
