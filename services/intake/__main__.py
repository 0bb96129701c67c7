"""Run the intake service alone."""

from services.cli import main

main(["run", "intake"])
