"""`ncodec.plugin.check`: whether a codec keeps its contract, tried on small inputs.

It encodes and decodes as users do, through files, and so stands beside the API, above the rooms
that `ncodec.plugin` may import; an author has it from there.
"""

from ncodec.conformance.trial import Report, check

__all__ = ["Report", "check"]
