"""Implicit neural representations: what the codecs whose file is a fitted network share."""
