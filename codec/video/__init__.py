"""Implicit neural representations of video: the network that is fitted to a clip is the file."""
