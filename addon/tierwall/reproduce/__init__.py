"""`tierwall reproduce`: a vendor's clients against a site, before and after, service by service.

Knows stand-ins and clients as the demo does. Decides nothing: what broke what is read from the journal.
"""
