"""The inbox into `raw` and quarantine: each file once, whole or not at all."""
