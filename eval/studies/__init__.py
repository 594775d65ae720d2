"""Studies of ncodec's own parts, a command each: `python -m ncodec.eval.studies.NAME`."""
