"""What people read and fill in: the maturity report and the to-do list."""

from report.corrections import take_corrections
from report.to_do import write_to_do
from report.writing import missing_page, report_path, write_report

__all__ = [
    "missing_page",
    "report_path",
    "take_corrections",
    "write_report",
    "write_to_do",
]
