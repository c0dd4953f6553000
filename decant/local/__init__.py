"""Local AWS: MiniStack with the parts of AWS it lacks, so the whole system runs on one machine."""
