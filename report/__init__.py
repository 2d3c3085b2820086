"""What people read and fill in: the maturity report and the to-do list."""

from report.writing import missing_page, report_path, write_report

__all__ = ["missing_page", "report_path", "write_report"]
