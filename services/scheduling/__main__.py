"""Run the scheduling service alone."""

from services.cli import main

main(["run", "scheduling"])
