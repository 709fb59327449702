"""What the lessons import: layers, data, training, plots, checks and quizzes of the course.

Importing this package costs nothing: torch, matplotlib and pandas load when a function first
needs them.
"""

__version__ = "0.1.0"
