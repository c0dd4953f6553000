"""The operator's side: command line, console and local AWS."""
