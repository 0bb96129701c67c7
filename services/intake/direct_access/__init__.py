"""Direct access: who may see a physiotherapist for a whole hour without a physician first (rule 22)."""
