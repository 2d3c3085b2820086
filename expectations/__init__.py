"""What the data must satisfy, per use case and stage, and the assessment that measures it."""

from expectations.assessment import Assessment, AuditFailedError, assess, audit, status
from expectations.checks import ExpectationResult
from expectations.validation import CheckError

__all__ = [
    "Assessment",
    "AuditFailedError",
    "CheckError",
    "ExpectationResult",
    "assess",
    "audit",
    "status",
]
