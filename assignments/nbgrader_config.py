"""nbgrader's configuration for this course: `nbgrader <verb> A2`, called in this folder.

What each of our own stages mends is told in course_tools/grading/preprocessors.py.
"""

import os
import sysconfig
from pathlib import Path

from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbgrader.preprocessors import (
    AssignLatePenalties,
    ClearOutput,
    IgnorePattern,
    LimitOutput,
    OverwriteKernelspec,
    SaveAutoGrades,
)

from course_tools.grading.autograde import DIGEST
from course_tools.grading.preprocessors import (
    CheckMetadata,
    FailClosed,
    RestoreCells,
    RunSubmission,
    SafeDeduplicate,
)
from course_tools.grading.seeds import read_salt

here = Path(__file__).resolve().parent
c = get_config()  # nbgrader defines it

# nbgrader starts `alembic` by name for a new gradebook: find it without an activated environment.
scripts, path = sysconfig.get_path("scripts"), os.environ.get("PATH", "")
if scripts not in path.split(os.pathsep):
    os.environ["PATH"] = os.pathsep.join([scripts, path])

c.CourseDirectory.root = str(here)
c.CourseDirectory.course_id = "rnn"
c.CourseDirectory.ignore.append(DIGEST)  # no part of the feedback
c.Exchange.root = str(here / "exchange")

# The learner's blanks look as in the lessons.
c.ClearSolutions.code_stub = {
    "python": 'raise NotImplementedError("your turn")  # replace this line'
}
c.ClearSolutions.text_stub = "Your answer here."

c.Autograde.permissions = 644
c.Autograde.sanitize_preprocessors = [
    ClearOutput,
    SafeDeduplicate,
    OverwriteKernelspec,
    RestoreCells,
    CheckMetadata,
]
c.Autograde.autograde_preprocessors = [
    RunSubmission,
    FailClosed,
    IgnorePattern,
    ClearMetadataPreprocessor,
    LimitOutput,
    SaveAutoGrades,
    AssignLatePenalties,
    CheckMetadata,
]
c.RestoreCells.add_missing_cells = True
c.RunSubmission.salt = read_salt(here)
c.RunSubmission.timeout = 20  # seconds a cell; a right notebook needs about one in all
c.RunSubmission.whole = 120
c.RunSubmission.extra_arguments = ["--log-level=ERROR"]  # a new kernel warns about its own ports
