"""Chat: the queue, conversations between a resident and a physiotherapist, and promised calls.

Hears: ContactRouted, ContactDeclined, IdentityVerified, EarlierTextDecided, CallbackRequested, ReferralReceived,
VisitBooked, NonDisclosureChanged, DueTimeSet.
Tells: ConversationQueued, ConversationAccepted, IdentityRequested, ConversationEnded, ConversationAbandoned,
CallbackPromised, CallbackAttempted, CallbackKept, CallbackLifted.
Owns: conversations and their messages, callbacks with phone number and words, and per contact its language and whether
the person is identified and what they say of the text from before.
"""
