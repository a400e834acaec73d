"""Widgets that draw plain values and emit plain signals; they know nothing of documents or models."""
