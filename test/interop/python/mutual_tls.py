"""A server of the official Python SDK that demands a client certificate: `mutual_tls.py PORT FOLDER`.

FOLDER holds `server.crt`, `server.key` and `ca.crt`. Uvicorn speaks TLS through asyncio, which sends no alert when it refuses a certificate.
"""

import ssl
import sys

import uvicorn
from mcp.server import MCPServer

FOLDER = sys.argv[2]

server = MCPServer("python-mutual-tls", version="2.3.0")


@server.tool()
def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


uvicorn.run(
    server.streamable_http_app(),
    host="127.0.0.1",
    port=int(sys.argv[1]),
    ssl_certfile=f"{FOLDER}/server.crt",
    ssl_keyfile=f"{FOLDER}/server.key",
    ssl_ca_certs=f"{FOLDER}/ca.crt",
    ssl_cert_reqs=ssl.CERT_REQUIRED,
)
