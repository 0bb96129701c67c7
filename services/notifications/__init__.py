"""Notifications: tell people what they are to know, without a word about health, the unit or why they came.

Hears VisitBooked; tells NotificationSent and NotificationFailed. Owns deliveries; an address is here only as long as it
is needed, and only sealed. Beside that it posts facts to systems of the county that do not read the bus (`webhooks/`).
"""
