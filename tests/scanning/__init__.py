"""Our checkov policies, for `checkov --external-checks-dir`; checkov loads only folders that hold this file."""
