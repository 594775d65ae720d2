"""Still images and collections of them: files of the image codecs, written and read."""

from ncodec.stills.album import Album
from ncodec.stills.decode import decode_images
from ncodec.stills.encode import encode_images
from ncodec.stills.features import FeatureFile

__all__ = ["Album", "FeatureFile", "decode_images", "encode_images"]
