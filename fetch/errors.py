"""What can go wrong on the way in; every message is one line that says what to do."""


class FetchError(Exception):
    """A source could not be fetched; the message says what to do."""


class FetchesFailedError(Exception):
    """Some sources could not be fetched; each was told before."""


class FetchRunningError(Exception):
    """Another fetch of this home is at work."""
