"""Measures of rate and distortion, and what compares two curves of them."""
