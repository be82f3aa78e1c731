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
  /** Lines of one event, and of what stands before it: 4 MiB of JSON in lines of 40 characters. A line costs the parser 64 bytes. */
  eventLines: 100_000,
  /**
   * Events in one stream: an answer with some notifications before it needs a handful. The one stream of HTTP+SSE carries every answer, at
   * most 1 + 4 lists × 64 pages, and has three times that for notifications.
   */
  events: 1_000,
  /** The URL in the `endpoint` event of HTTP+SSE; request lines longer than this are refused by most servers. */
  endpointBytes: 8 * KiB,
  /** Metadata and token answers of an authorization server: real ones have 2–8 KiB, tokens of up to 12 KiB included. */
  authorizationBytes: 64 * KiB,
  /** Nesting of a JSON text. Deeper input schemas than 20 are not known. */
  jsonDepth: 64,
  /**
   * Values in one JSON text, counted by its brackets and commas: `{}` takes 3 bytes of text and 64 of memory. Real catalogues have one
   * for 20 to 60 bytes, so that 200,000 fill a body.
   */
  jsonValues: 200_000,
  /**
   * What a value costs at least, of the bytes of a probe: about its memory. An object costs two, and a key that may be a number five
   * more. A probe so parses at most 524,288 values, objects counted twice: 52 for each of 10,000 items. Texts with one for 64 bytes or more
   * cost nothing extra.
   */
  jsonValueBytes: 64,
  /** Members of one object or array in it: sorting the keys of one object with 200,000 would take half a second. */
  jsonMembers: 20_000,
  /** Characters of a cursor, which is sent back and remembered: real ones have up to a few hundred. 64 of them take 2 MiB at most. */
  cursorChars: 16 * KiB,
  /**
   * All that one probe reads, attempts included: 10,000 items of 3 KiB. Of the worst kind of JSON (small objects of many shapes) it takes
   * 0.7 s of CPU, in pieces of at most 0.3 s (measured); without it a server could take all that the deadline leaves.
   */
  probeBytes: 32 * MiB,
  /** What of it a probe may read whatever the others do: most catalogues. 1,088 probes at once, parked ones included, take 68 MiB at most. */
  ownBytes: 64 * KiB,
  /** What all probes of a process may hold beyond that: two of the largest, or 40 catalogues of 1,000 tools each. */
  sharedBytes: 64 * MiB,
  /**
   * Pieces in which bodies arrive, as Node's parser hands them over, in one probe all together: one for 67 of its bytes. Each costs a
   * microsecond of CPU, however small it is, and no memory.
   */
  pieces: 500_000,
  /** What a piece of a packed body counts for: a decoder takes some 20 µs for it. */
  packedPieces: 20,
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
