"""The deployment side: pipeline and state machine, their template and its bootstrap."""
