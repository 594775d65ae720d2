"""The .nc container and its entropy coder. Knows no torch and no codec."""
