"""Segments of customers and what demand is expected: a page, and an Excel list of the customers."""

from report.market.page import market_path, write_market_page
from report.market.workbook import list_path, write_segment_list

__all__ = ["list_path", "market_path", "write_market_page", "write_segment_list"]
