"""Why people come: contacts counted by reason, site and week."""
