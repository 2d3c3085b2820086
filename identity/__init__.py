"""Identity: many records, one customer."""

from identity.features import IdentityError
from identity.resolve import resolve

__all__ = ["IdentityError", "resolve"]
