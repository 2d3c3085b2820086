"""Which CRMs the kit tries. A new connector adds its name here, and all tests of the kit run."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

import pytest

from tests.crm.kit.under_test import StartsCrm

CRMS: Final = (
    "memory",
    "memory:start_parallel",
    "dynamics",
    "hubspot",
    "odoo",
    "odoo:start_19",
    "pipedrive",
    "salesforce",
    "tryton",
)
"""Modules in this folder, each with a function `start` unless another is named."""
REAL: Final = frozenset({"tryton"})
"""These are real servers, which take seconds to start: marked as `night`."""


def starter(name: str) -> StartsCrm:
    """Return what runs this CRM."""
    module, _, function = name.partition(":")
    start: StartsCrm = getattr(import_module(f"tests.crm.kit.{module}"), function or "start")
    return start


def parameters() -> list[Any]:
    """Return the CRMs as parameters of a fixture."""
    return [pytest.param(name, marks=[pytest.mark.night] if name in REAL else []) for name in CRMS]
