"""Other people's encoders at settings that are kept as data."""
