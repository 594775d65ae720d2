"""Data sets: where clips and images come from, and the part of them that is measured."""
