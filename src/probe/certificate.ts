/**
 * Reads when the certificate expires that a server shows, from the handshake that takes place anyway. It keeps nothing but the moment:
 * no name, no issuer, no key.
 */
import type { ClientRequest } from 'node:http';
import { TLSSocket } from 'node:tls';

/** Calls `note` with the end of validity (wall time in ms) when `request` makes a TLS connection; not when it takes one that is there. */
export function watchCertificate(request: ClientRequest, note: (expiresAtMs: number) => void): ClientRequest {
  request.once('socket', (socket) => {
    if (!(socket instanceof TLSSocket) || !socket.connecting) return;
    socket.once('secureConnect', () => {
      const expiresAtMs = socket.getPeerX509Certificate()?.validToDate.getTime();
      // A certificate may hold a date that is none.
      if (expiresAtMs !== undefined && Number.isFinite(expiresAtMs)) note(expiresAtMs);
    });
  });
  return request;
}
