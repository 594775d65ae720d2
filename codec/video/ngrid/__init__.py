"""Grids along time and a small network."""
