"""What learners get wrong in one step of the way back."""

STEP_MISTAKES = ()
