"""What customers can install: the decision about a KMS call, and what rests on it."""
