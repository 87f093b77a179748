"""Trains the network that hears mouth shapes (see MODEL_CARD.md)."""
