"""Cases: one person and one trouble. Every contact begins one; going on with an earlier one is offered, never done."""
