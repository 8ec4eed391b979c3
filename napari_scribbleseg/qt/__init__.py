"""The floor between the window and the engine: threads, bridges and the :class:`~.workbench.Workbench`."""
