"""Accounts, principals and keys, reached through boto3."""
