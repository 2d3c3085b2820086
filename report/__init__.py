"""What people read and fill in: the maturity report and the to-do list."""

from report.corrections import take_corrections
from report.to_do import write_to_do
from report.writing import (
    missing_page,
    report_path,
    scores_path,
    write_report,
    write_scores_page,
)

__all__ = [
    "missing_page",
    "report_path",
    "scores_path",
    "take_corrections",
    "write_report",
    "write_scores_page",
    "write_to_do",
]
