"""Run the chat service alone."""

from services.cli import main

main(["run", "chat"])
