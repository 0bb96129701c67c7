"""Run the feedback service alone."""

from services.__main__ import main

main("run", "feedback")
