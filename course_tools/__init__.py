"""What makes, serves and grades the course: the staff's package."""
