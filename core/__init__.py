"""Relata without a window: stimuli, models, interventions and analyses."""
