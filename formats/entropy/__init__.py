"""Entropy coding with integer tables only."""
