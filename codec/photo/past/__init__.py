"""Pictures with a past: RGB that a known converter made of integers, and what these were."""
