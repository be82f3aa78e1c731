"""A server of the official Python SDK behind a token verifier: `verifier.py PORT`.

The tokens are words, since what matters is how the SDK refuses: `good` bears the required scope, `poor` bears another one.
"""

import sys

from mcp.server import MCPServer
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings

PORT = int(sys.argv[1])
SCOPES = {"good": ["mcp:read"], "poor": ["mcp:other"]}


class Words:
    async def verify_token(self, token: str) -> AccessToken | None:
        scopes = SCOPES.get(token)
        return None if scopes is None else AccessToken(token=token, client_id="test", scopes=scopes)


server = MCPServer(
    "python-verifier",
    version="2.3.0",
    token_verifier=Words(),
    auth=AuthSettings(
        issuer_url="https://issuer.example.com",
        resource_server_url=f"http://127.0.0.1:{PORT}/mcp",
        required_scopes=["mcp:read"],
        validate_token_resource=False,
    ),
)


@server.tool()
def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


server.run(transport="streamable-http", host="127.0.0.1", port=PORT)
