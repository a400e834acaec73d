"""Showing scenes to a room: the audience's window, the speaker's, and what leads through them."""
