"""A synthetic chest with a beating heart, and a scanner that takes short-axis cine slices of it."""
