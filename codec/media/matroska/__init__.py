"""Matroska (RFC 9559): tracks that are copied as they are, and a writer for what FFmpeg's lacks."""
