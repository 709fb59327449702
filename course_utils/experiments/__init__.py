"""Experiments that a learner does not wait for: several seeds a row, kept in results/*.json.

A lesson trains its headline run live and reads every other row here; `course experiments` writes
the files. Each module of this package asks one question and ends in an `EXPERIMENT`.
"""

from course_utils.experiments.core import Experiment, Results, results

__all__ = ["Experiment", "Results", "results"]
