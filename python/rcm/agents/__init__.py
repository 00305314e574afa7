"""Puts rcm's MCP server into the configuration of coding agents, and takes it out again.

`table` says where each agent keeps what, `machine` turns that into paths, `entries` into the value to
write, the three `*_edit` modules change a text and nothing else in it, `files` changes the file,
`install` puts these together for one agent.
"""
