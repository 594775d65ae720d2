"""What a picture was before: finding it, and coding that instead of the pixels."""
