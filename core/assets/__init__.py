"""What was learned on a model: tensors with a card that says how, from which weights, and how good they are."""
