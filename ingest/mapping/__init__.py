"""Tables of a file to canonical entities: `sources.yml`, keys, formats and the raw views."""
