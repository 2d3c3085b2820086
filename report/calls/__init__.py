"""The day's list: whom to call today and why, and what people answer."""

from report.calls.answers import lists_folder, take_feedback
from report.calls.letters import Letter, letters_of
from report.calls.settings import keep_rules, load_lists
from report.calls.station import Lists, write_call_lists

__all__ = [
    "Letter",
    "Lists",
    "keep_rules",
    "letters_of",
    "lists_folder",
    "load_lists",
    "take_feedback",
    "write_call_lists",
]
