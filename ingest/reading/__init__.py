"""Any file to tables of text, in a process of its own; `file.read_file` is the face."""
