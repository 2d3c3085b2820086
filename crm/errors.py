"""What can go wrong on the way into the CRM; every message is one line that says what to do."""


class CrmError(Exception):
    """The push could not be done; the message says what to do."""


class CrmUnreachableError(CrmError):
    """The CRM did not answer. Trying again later may help."""


class CrmLoginError(CrmError):
    """The CRM does not accept user or password."""


class CrmRejectedError(CrmError):
    """The CRM answered and refused these records; trying again does not help."""


class GuardError(CrmError):
    """More would change than is plausible; nothing was written."""
