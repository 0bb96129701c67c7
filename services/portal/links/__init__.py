"""One-time links: another system hands one to the person it sends, whose browser opens the contact by it, once.

A link's secret has 256 bits and follows from the contact under a key of the portal, so that who asks again is told the
same; the table holds its SHA-256 alone. It is over when it was used, and a day after it was made.
"""

from services.portal.links.store import LIFE, Link, Links, forget_links, link_over, look, make, use

__all__ = ["LIFE", "Link", "Links", "forget_links", "link_over", "look", "make", "use"]
