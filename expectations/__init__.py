"""What the data must satisfy, per use case and stage, and the assessment that measures it."""

from expectations.assessment import AuditFailedError, assess, audit, status
from expectations.journey import PHASES, Phase
from expectations.records import unmet_records
from expectations.results import Assessment, ExpectationResult
from expectations.validation import CheckError
from expectations.what_if import Outlook, look_ahead

__all__ = [
    "PHASES",
    "Assessment",
    "AuditFailedError",
    "CheckError",
    "ExpectationResult",
    "Outlook",
    "Phase",
    "assess",
    "audit",
    "look_ahead",
    "status",
    "unmet_records",
]
