"""A questionnaire left unfinished: kept for a day in the session it was begun in, codes only, then gone."""

from services.portal.drafts.store import KEPT, find, forget, forget_old, is_there, keep

__all__ = ["KEPT", "find", "forget", "forget_old", "is_there", "keep"]
