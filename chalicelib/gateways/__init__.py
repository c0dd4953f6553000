"""One gateway per AWS service: the only code that makes AWS calls, raising Decant's own errors.

Clients are handed in by the composition root; no ClientError leaves these modules.
"""
