"""Plots and pictures as files: how they look, who writes them, and the state that they carry."""
