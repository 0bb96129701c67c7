"""Feedback: asks everybody who was served, and keeps what they answer apart from who they are.

Hears ConversationEnded, CallbackKept, VisitCompleted. Tells FeedbackInvited, FeedbackGiven.
Owns invitations (whom, about what, answered or not) and answers (what was said, on which day), with no way from one to
the other.
"""
