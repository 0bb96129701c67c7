"""Whether the tests that need Node can run: the npm packages they use are installed beside their package.json."""

from __future__ import annotations

import shutil

from chassis.settings import ROOT

NODE = shutil.which("node") or "node"
PACKAGES = ("contracts/kit", "tests/js")


def missing() -> str:
    """Why they cannot run; empty when they can."""
    if not shutil.which("node"):
        return "no node on PATH: install node and npm to run these"
    for folder in PACKAGES:
        if not (ROOT / folder / "node_modules").is_dir():
            return f"no npm packages: run `npm ci --prefix {folder}`"
    return ""
