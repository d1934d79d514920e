"""What the tests and the demo use: Terraform, accounts and principals, probes, the access matrix.

It reaches AWS only through boto3 sessions, and knows nothing of the decision engine's insides.
"""
