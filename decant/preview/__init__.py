"""What a folder would be once it is deployed, found out on this machine, without AWS."""
