"""What `ingest.suggesting.one_file` proposes for a file that no source claims, and why."""
