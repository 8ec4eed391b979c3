"""The dock's panels, one small widget a file; they show and ask, and leave all doing to the workbench."""
