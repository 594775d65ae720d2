"""Photographs of any size, lossless: a circuit over what surrounds each sample."""
