"""A FastMCP server whose middleware lets anyone shake hands and looks at the token only when tools are listed (page 9, D1).

`open_handshake.py PORT`, the public key (PEM) in PUBLIC_KEY. On the legacy wire an exception of a middleware becomes HTTP 200 with JSON-RPC
code 0 and the text of the exception; on the modern wire the SDK hides it behind -32603, unless REFUSE_WITH is `code`.
"""

import os
import sys

import jwt
from fastmcp import FastMCP
from fastmcp.server.dependencies import get_http_request
from fastmcp.server.middleware import Middleware
from mcp.shared.exceptions import MCPError


def refusal(text: str) -> Exception:
    return MCPError(code=0, message=text) if os.environ.get("REFUSE_WITH") == "code" else ValueError(text)


class TokenMiddleware(Middleware):
    async def on_list_tools(self, context, call_next):
        scopes = self.check().get("scope", "").split()
        return [tool for tool in await call_next(context) if f"tool:{tool.name}" in scopes]

    def check(self):
        header = get_http_request().headers.get("authorization")
        if header is None:
            raise refusal("Missing Authorization header")
        kind, _, token = header.partition(" ")
        if kind != "Bearer" or not token:
            raise refusal("Invalid Authorization header format. Expected: Bearer <token>")
        try:
            return jwt.decode(token, os.environ["PUBLIC_KEY"], algorithms=["RS256"], options={"verify_aud": False})
        except jwt.ExpiredSignatureError:
            raise refusal("Token has expired")
        except jwt.InvalidTokenError as error:
            raise refusal(f"Invalid token: {error}")


server = FastMCP("python-open-handshake", version="4.1.2", middleware=[TokenMiddleware()])


@server.tool
def read_report() -> str:
    """Reads a report."""
    return "never called"


@server.tool
def delete_report() -> str:
    """Deletes a report."""
    return "never called"


server.run(transport="http", host="127.0.0.1", port=int(sys.argv[1]), show_banner=False)
