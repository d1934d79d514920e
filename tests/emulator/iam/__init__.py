"""IAM calls, and the identities that all decisions need."""
