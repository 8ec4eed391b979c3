"""Where everything is put together: the dock, the demo, and what napari calls by the manifest."""
