"""What every test needs."""

from __future__ import annotations

import logging

import pytest
from hypothesis import HealthCheck, settings

from config.language import use_language

# A build passes or fails by what changed, not by chance: laws are tried on the same examples each
# time, however slow the machine is. `pytest --hypothesis-profile default` draws new ones.
settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def loggers_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch loggers on again: libraries that set up logging in earlier tests switch them off."""
    for logger in logging.Logger.manager.loggerDict.values():
        if isinstance(logger, logging.Logger) and logger.disabled:
            monkeypatch.setattr(logger, "disabled", False)


@pytest.fixture(autouse=True)
def english() -> None:
    """Tell errors in English, as the code says them, until a test reads settings of its own.

    The catalogue's tests hold that every sentence has a German one that fits.
    """
    use_language("en")
