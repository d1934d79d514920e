"""Terraform: the program, its provider, and reading HCL."""
