"""What make's other targets run: documentation, linters, the scan."""
