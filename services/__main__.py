"""The `digi` command: `python -m services` is the same."""

from __future__ import annotations

import gc


def main(*words: str) -> None:
    """Run the command line over `words`, or over those the process was started with.

    While what every command needs is loaded nobody looks for garbage in it, nor ever after: it is a tenth of a start.
    """
    gc.disable()
    from services import cli

    gc.freeze()
    gc.enable()
    cli.main(words or None)


if __name__ == "__main__":
    main()
