"""``python -m ncodec`` is the command line."""

from ncodec.cli import main

main()
