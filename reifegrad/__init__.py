"""The command `reifegrad`: every station by hand, a whole night, and the services."""
