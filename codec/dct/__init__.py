"""Quantised DCT coefficients as bytes: what JPEG files and pictures that were some share."""
