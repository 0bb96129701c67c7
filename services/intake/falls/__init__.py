"""Who is at risk of falling: the screen, the visit's measures, the way onward. Rules as data, with dates."""
