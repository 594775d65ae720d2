"""What samples of more than 8 bits take besides circuits: a scale, guesses, bits with chances."""
