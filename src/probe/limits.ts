/**
 * The bounds of one probe (page 3.7), all enforced while bytes arrive. With one request under way at a time, a probe holds at most one
 * answer: 64 KiB of headers + 4 MiB of body or event, about 12 MiB with its text and parsed form, whatever the peer sends.
 */
const KiB = 1024;
const MiB = 1024 * KiB;

export const LIMITS = {
  /** Status line and headers of one response. */
  headerBytes: 64 * KiB,
  /** Interim (1xx) responses before the final one; a server has reason to send one or two. */
  interimResponses: 16,
  /** A body of a 2xx answer, counted after decompression: 10,000 items of 400 bytes fit into one page. */
  bodyBytes: 4 * MiB,
  /** A body of any other answer. It is cut there, because the status code alone decides. */
  errorBodyBytes: 64 * KiB,
  /** The data of one server-sent event: as much as a body. */
  eventBytes: 4 * MiB,
  /** Events in one stream: an answer with some notifications before it needs a handful. */
  events: 1_000,
  /** Nesting of a JSON text. Deeper input schemas than 20 are not known. */
  jsonDepth: 64,
  /** Pages of one list. */
  pages: 64,
  /** Items of one list, malformed ones included: 64 pages × 156 items. */
  items: 10_000,
  /** Redirects followed for one request. */
  redirects: 3,
  /** The DELETE that ends a session, from connect to last byte. */
  cleanupMs: 2_000,
  /** How long, and for how many bytes, a stream may go on after its answer before its connection is given up. */
  drainMs: 25,
  drainBytes: 64 * KiB,
  /** A session id, as Mcp-Session-Id: real ones are UUIDs and JWTs. */
  sessionIDBytes: 4 * KiB,
  /** One credential, as one header value; fits into the 16 KiB of headers that most servers accept. */
  credentialBytes: 12 * KiB,
  /** Addresses tried for one host. */
  addresses: 16,
} as const;
