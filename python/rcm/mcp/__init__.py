"""MCP: the tools that coding agents call, over standard streams or HTTP on this machine.

```text
schemas     what a tool takes and gives
trees       which trees there are; each is indexed on first use and refreshed before it is asked
jobs        indexing runs that a call waits for only so long
tools       one function per tool: input -> output
text        outputs as text, everything from files fenced off
paths       paths as answers show them and take them back
grep        exact searches, counted whole and shown in pages
pages       as many results as a call's token budget holds
server      the protocol's side: listing, calling, errors
stdio, http the two transports; rcm.guard, credentials and impatience keep strangers off the second
```

Everything that comes from files is data: it stands between marks that no file can know, and never in
a tool's name, description or error. Importing this package imports the SDK, so only `rcm mcp` does.
"""
