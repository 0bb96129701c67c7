"""What a person answers, and what follows: questionnaires as data, rules that weigh them."""
