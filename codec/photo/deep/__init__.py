"""Planes of 9 to 16 bits a sample, whose noise the circuits see scaled to that of 8 bits."""
