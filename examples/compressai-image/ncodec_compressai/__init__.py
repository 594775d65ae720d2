"""CompressAI's factorized prior as a codec of ncodec."""
