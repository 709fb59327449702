"""What grades each assignment: the reference, the oracle, the mistakes and their names."""
