"""nbgrader's configuration of a course folder, read as nbgrader reads it."""

from pathlib import Path

from traitlets.config import Config, PyFileConfigLoader

from course_utils.errors import CourseError

CONFIG = "nbgrader_config.py"


def load_config(course: Path) -> Config:
    """Return what `nbgrader_config.py` in the course folder `course` says.

    Raises CourseError, in one sentence, where the file is missing or fails.
    """
    path = course / CONFIG
    if not path.is_file():
        raise CourseError(
            f"{path} is missing: a course folder needs it; "
            "`course autograde --course FOLDER` names another folder."
        )
    try:
        return PyFileConfigLoader(path.name, path=str(path.parent)).load_config()
    except CourseError:  # the configuration itself says what to do
        raise
    except Exception as error:  # the file is a program: anything can go wrong in it
        raise CourseError(f"{path} fails ({error!r}): mend it.") from error
