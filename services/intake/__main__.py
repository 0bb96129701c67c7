"""Run the intake service alone."""

from services.__main__ import main

main("run", "intake")
