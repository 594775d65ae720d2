"""`ncodec bench`: steps in fresh processes, cached by content."""
