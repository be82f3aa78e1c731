"""A server of the official Python SDK without any guard: `plain.py PORT [TRANSPORT]`, by default `streamable-http`, or `sse`."""

import sys

from mcp.server import MCPServer

server = MCPServer("python-plain", version="2.3.0")


@server.tool()
def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


@server.resource("sample://motto")
def motto() -> str:
    """The motto."""
    return "never read"


@server.prompt()
def greet(name: str) -> str:
    """Greets somebody."""
    return f"Hello {name}"


transport = sys.argv[2] if len(sys.argv) > 2 else "streamable-http"
server.run(transport=transport, host="127.0.0.1", port=int(sys.argv[1]))
