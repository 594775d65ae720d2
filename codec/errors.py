"""The public name of the error tree (drawn in `ncodec.formats.errors`)."""

from ncodec.formats.errors import *  # noqa: F403
from ncodec.formats.errors import __all__ as __all__
