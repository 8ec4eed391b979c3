"""Scribble-supervised cardiac cine-MRI segmentation. Research use, not a medical device."""

__version__ = "0.1.0"
