"""Networks that Relata can open, and the one view of them that the executor runs on."""
