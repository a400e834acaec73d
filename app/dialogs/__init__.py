"""Windows beside the main one: what opens models, makes sets, and sets what is chosen once."""
