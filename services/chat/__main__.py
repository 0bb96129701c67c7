"""Run the chat service alone."""

from services.__main__ import main

main("run", "chat")
