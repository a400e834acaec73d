"""Edits to activations: frozen values, each with one pure `apply(x, context) -> x`, one kind in a file."""
