"""Non-disclosure for personal safety (turvakielto): where somebody lives and how they are reached (rule 9)."""
