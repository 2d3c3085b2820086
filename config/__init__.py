"""Settings, the YAML files that a company edits, and the language of the messages."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from config.folders import PROJECT_ROOT

if TYPE_CHECKING:
    from config.settings import ConfigurationError, Settings, load_settings, read_yaml
    from config.validation import explain

__all__ = [
    "PROJECT_ROOT",
    "ConfigurationError",
    "Settings",
    "explain",
    "load_settings",
    "read_yaml",
]

# Imported when asked for: pydantic costs a tenth of a second, which `--help` need not wait for.
_LATER = {
    "ConfigurationError": "config.settings",
    "Settings": "config.settings",
    "load_settings": "config.settings",
    "read_yaml": "config.settings",
    "explain": "config.validation",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - as any module's attributes
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_LATER[name]), name)
