"""Matroska (RFC 9559): tracks that are copied verbatim, and a writer for what FFmpeg's cannot say."""
