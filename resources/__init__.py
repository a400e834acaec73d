"""Data that Relata ships: shapes, models, subspaces, recipes."""
