"""The codec `pc-jpeg`: JPEG files made smaller, which come back byte for byte."""
