"""What a run wrote, for people and for other tools."""
