"""Run the notifications service alone."""

from services.__main__ import main

main("run", "notifications")
