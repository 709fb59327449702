"""What learners get wrong in the loop of the way back."""

LOOP_MISTAKES = ()
