"""The web edge: resident pages, the therapist desk and the HTTP API."""
