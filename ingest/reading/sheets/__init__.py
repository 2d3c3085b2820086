"""Workbooks of Excel and OpenDocument, and what calamine loses of them."""
