"""What a .nc file opens as: a clip, an album of images, features; and what can be done with it.

Nothing here encodes: opening a file loads no jobs.
"""
