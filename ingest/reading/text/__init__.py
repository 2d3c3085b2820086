"""Delimited text: encoding, delimiter and quotation mark, then row by row."""
