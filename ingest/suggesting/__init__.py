"""What `ingest.suggest` proposes for a file that no source claims, and why."""
