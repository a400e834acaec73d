"""The Relata window: Qt and numpy, never torch."""
