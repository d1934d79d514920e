"""How AWS authorizes a KMS or STS call, as pure Python: no AWS client, no LocalStack import.

`authorize(request, policies)` decides one permission on one resource. `kms` and `sts` turn an API call
into the permissions it needs and decide them together. `explain` says why in a few lines.
"""
