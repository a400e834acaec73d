"""What the studies measure of a network."""
