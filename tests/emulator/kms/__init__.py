"""KMS calls: what the decision needs, and LocalStack's provider with what it lacks."""
