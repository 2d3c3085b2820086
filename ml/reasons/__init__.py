"""Why a score is as it is, in sentences with the customer's own numbers."""
