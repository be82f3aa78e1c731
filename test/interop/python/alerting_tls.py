"""A gateway that says by a TLS alert why it does not take a client certificate: `alerting_tls.py PORT FOLDER 1.2|1.3`.

FOLDER is that of `mutual_tls.py`. OpenSSL speaks to the socket itself here, so its alerts arrive, as those of Envoy, HAProxy and Go do. Whoever
comes in gets 503.
"""

import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT, FOLDER, VERSION = sys.argv[1:]


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.send_response(503)
        self.send_header("content-length", "0")
        self.end_headers()


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(f"{FOLDER}/server.crt", f"{FOLDER}/server.key")
context.load_verify_locations(f"{FOLDER}/ca.crt")
context.verify_mode = ssl.CERT_REQUIRED
context.maximum_version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[VERSION]

server = ThreadingHTTPServer(("127.0.0.1", int(PORT)), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
