"""Measurements: every figure about ncodec comes from a command in here or from the CLI."""
