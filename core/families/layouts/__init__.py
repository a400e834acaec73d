"""The kinds of checkpoint that can be imported, one file each."""
