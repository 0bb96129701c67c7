"""Run the feedback service alone."""

from services.cli import main

main(["run", "feedback"])
