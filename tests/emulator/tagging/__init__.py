"""The tagging API over KMS keys."""
