"""What people read and fill in: the maturity report and the to-do list."""

from report.corrections import take_corrections
from report.to_do import write_to_do
from report.writing import (
    languages,
    missing_page,
    replace_page,
    report_path,
    scores_path,
    template_named,
    write_report,
    write_scores_page,
)

__all__ = [
    "languages",
    "missing_page",
    "replace_page",
    "report_path",
    "scores_path",
    "take_corrections",
    "template_named",
    "write_report",
    "write_scores_page",
    "write_to_do",
]
