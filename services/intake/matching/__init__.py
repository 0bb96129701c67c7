"""Who somebody without a personal identity code is: a professional decides, with a reason, and can undo it."""
