"""Due times: the care guarantee and the county's promise, and whether they are kept."""
