"""The web page of `rcm serve`: search, read and watch indexes in a browser, on this machine only.

Imported by `rcm serve` alone, so that no other command pays for a web server.
"""
