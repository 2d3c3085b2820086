"""The home of the last release, and that today's code opens it."""
