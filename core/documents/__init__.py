"""Document files: all that one holds, and how it is checked, written, read, and carried by a figure."""
