"""Run the notifications service alone."""

from services.cli import main

main(["run", "notifications"])
