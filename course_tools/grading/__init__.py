"""Grading with nbgrader: seeds, preprocessors that fail closed, one converter for each student."""
