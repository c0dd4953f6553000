"""What runs in Lambda: a pure core, one gateway per AWS service, one composition root."""
