"""The command `relata`: `command` reads it and has the short verbs; each longer verb is one file."""
