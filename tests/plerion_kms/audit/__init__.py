"""Which of an account's KMS keys Plerion can reach, why not, and the files that fix it.

`collect` reads, `judge` decides, the rest writes. `snapshot` is the format between the first two, `report` the one
after.
"""
