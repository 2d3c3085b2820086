"""Where the settings of one installation lie; read without anything heavy, as the help needs it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

PROJECT_ROOT: Final = Path(__file__).resolve().parent.parent
SETTINGS_FILE: Final = "settings.env"


def config_folder() -> tuple[Path, Path]:
    """Return the folder with the company's settings and YAML files, and the home.

    The folder is REIFEGRAD_CONFIG, else `<home>/config` where that holds a `settings.env` (the
    company's own, written by `reifegrad start`), else the project's (the sample company's).
    """
    chosen = os.environ.get("REIFEGRAD_CONFIG")
    folder = Path(chosen or PROJECT_ROOT / "config")
    named = read_env(folder / SETTINGS_FILE).get("home", "data")
    home = Path(os.environ.get("REIFEGRAD_HOME") or PROJECT_ROOT / named)
    own = home / "config"
    return (own if not chosen and (own / SETTINGS_FILE).is_file() else folder), home


def read_env(path: Path) -> dict[str, str]:
    """Read `REIFEGRAD_NAME=value` lines as name to value; a file that is not there holds none."""
    if not path.is_file():
        return {}
    pairs = (
        line.split("=", 1)
        for line in path.read_text(encoding="utf-8").splitlines()
        if "=" in line and not line.lstrip().startswith("#")
    )
    return {k.strip().removeprefix("REIFEGRAD_").lower(): v.strip() for k, v in pairs}
