"""Probabilistic circuits: hidden Chow-Liu trees, photographs, flows with circuits as priors."""
