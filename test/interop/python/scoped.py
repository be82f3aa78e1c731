"""A FastMCP server with a JWT verifier and a scope on each tool: `scoped.py PORT`, the public key (PEM) in PUBLIC_KEY.

Whoever may come in sees only the tools that the scopes of the token allow.
"""

import os
import sys

from fastmcp import FastMCP
from fastmcp.server.auth import require_scopes
from fastmcp.server.auth.providers.jwt import JWTVerifier

server = FastMCP(
    "python-scoped",
    version="4.1.2",
    auth=JWTVerifier(
        public_key=os.environ["PUBLIC_KEY"],
        issuer="https://issuer.example.com",
        audience="mcp-interop",
        required_scopes=os.environ.get("REQUIRED_SCOPES", "").split(),
    ),
)


@server.tool(auth=require_scopes("mcp:read"))
def read_report() -> str:
    """Reads a report."""
    return "never called"


@server.tool(auth=require_scopes("mcp:admin"))
def delete_report() -> str:
    """Deletes a report."""
    return "never called"


server.run(transport="http", host="127.0.0.1", port=int(sys.argv[1]), show_banner=False)
