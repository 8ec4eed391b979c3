"""A simulated annotator: strokes as a person draws them, what they cost in seconds, and what each system makes of them.

Nobody is in front of the screen, so that every system meets the same hand, and the same seed gives the same strokes.
The annotator knows the true mask, as a reader knows what a heart looks like; no system ever sees it.
"""
