"""Facts posted to systems without NATS, as Standard Webhooks: taken from their durables, kept, signed, sent."""
