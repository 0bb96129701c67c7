"""Facts posted to neighbours without NATS, as Standard Webhooks: taken from their durables, kept, signed, sent."""
