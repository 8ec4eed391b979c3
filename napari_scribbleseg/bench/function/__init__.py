"""How well volumes, ejection fraction and mass from predicted masks agree with those from experts' masks.

Nobody draws: trained weights segment patients without a stroke, and `cardiac.measure_heart` measures both masks.
"""
