"""What the command line shows: tables, lines and the bar while the inbox is read."""
