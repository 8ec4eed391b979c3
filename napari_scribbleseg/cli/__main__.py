"""Run the command line by `python -m napari_scribbleseg.cli`."""

from __future__ import annotations

import sys

from napari_scribbleseg.cli import main

if __name__ == "__main__":
    sys.exit(main())
