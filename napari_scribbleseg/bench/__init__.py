"""The paper's comparison: patients, folds, rows of the tables, a grid of trainings and their report."""
