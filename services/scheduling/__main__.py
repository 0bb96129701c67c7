"""Run the scheduling service alone."""

from services.__main__ import main

main("run", "scheduling")
