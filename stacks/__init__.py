"""CloudFormation stacks: as values, and how they are deployed. Used by edge/ and pipeline/."""
