"""The desk: pages on which people decide, and what they answered there.

Three kinds of questions lie on it: proposals to release, records of which nobody knows whether they
are one customer, and cells that are empty. An answer goes through the very functions that the lists
and the command line use. While a night holds the warehouse, answers are kept and entered later.
"""

from desk.kept import take_kept
from desk.questions import keep_questions

__all__ = ["keep_questions", "take_kept"]
