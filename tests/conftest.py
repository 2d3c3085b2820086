"""What every test needs."""

from __future__ import annotations

import logging

import pytest


@pytest.fixture(autouse=True)
def loggers_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch loggers on again: libraries that set up logging in earlier tests switch them off."""
    for logger in logging.Logger.manager.loggerDict.values():
        if isinstance(logger, logging.Logger) and logger.disabled:
            monkeypatch.setattr(logger, "disabled", False)
