"""From marts to a table: each feature as it was known at a point in time."""
