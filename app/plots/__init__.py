"""Plots in the window: each value of `core.plots`, drawn, described and read with the mouse or the keys."""
