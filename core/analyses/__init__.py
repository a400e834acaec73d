"""From the stream of a pass to what a plot shows."""
