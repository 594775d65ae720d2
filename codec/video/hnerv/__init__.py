"""HNeRV (arXiv 2304.02633)."""
