"""What people read and fill in: the maturity report and the to-do list."""

from report.writing import report_path, write_report

__all__ = ["report_path", "write_report"]
