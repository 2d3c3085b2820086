"""A generator of one fictitious company's scattered files, with the truth behind them."""

from sample.company import SampleError, Summary, make_company
from sample.crm_since import SINCE_EXPORT
from sample.files import Defect, Written

__all__ = ["SINCE_EXPORT", "Defect", "SampleError", "Summary", "Written", "make_company"]
