"""Long work as generators that yield `Progress`; closing one stops it at the next step."""
