"""The one exception that a user of the course sees as a sentence instead of a traceback."""


class CourseError(Exception):
    """What the user can mend: the message says in one sentence what is wrong and what to do."""
