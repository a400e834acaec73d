"""What is drawn, as values; its pixels and its tokens; and labelled sets of it."""
