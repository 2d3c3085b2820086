"""From a table to a fitted model with what its validation showed."""
