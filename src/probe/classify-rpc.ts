/**
 * The part of page 4 that reads JSON-RPC errors: rows 44–48, 50 and 51. Pure. A code decides together with the method that it answers and
 * what the server had advertised, because servers use the same codes for very different things; a text decides for row 50 alone.
 */
import type { Failure, McpMethod, RpcError } from './outcome.ts';
import type { Row } from './rows.ts';
import { ROWS } from './rows.ts';

/** JSON-RPC 2.0, section 5.1, and MCP 2026-07-28, "Error codes". */
const PARSE_ERROR = -32_700;
const INVALID_REQUEST = -32_600;
const METHOD_NOT_FOUND = -32_601;
const INVALID_PARAMS = -32_602;
const HEADER_MISMATCH = -32_020;
const CLIENT_CAPABILITY_REQUIRED = -32_021;
const UNSUPPORTED_PROTOCOL_VERSION = -32_022;

/**
 * Whether a JSON-RPC error to a list says that there is no such list (row 51), which is no failure: the capability was not advertised, or
 * the list is `resources/templates/list`, which has no capability of its own. The prober asks before it reports a failure.
 */
export function isAbsentList(
  method: McpMethod | undefined,
  advertised: boolean | undefined,
  rpcCode: number | undefined,
): boolean {
  if (rpcCode !== METHOD_NOT_FOUND || !isList(method)) return false;
  return method === 'resources/templates/list' || advertised !== true;
}

/**
 * The row that a JSON-RPC error in the body of a 4xx leads to. In a 400 it always decides; elsewhere only codes whose meaning the protocol
 * fixes do, because servers send -32000 with any status (405 "Method not allowed", 406 "Not Acceptable") and mean the status.
 */
export function rowOfRpcBody(failure: Failure, httpStatus: number, rpc: RpcError): Row | undefined {
  const row = rowOfRpcError(failure, rpc);
  if (httpStatus === 400 || row.row === ROWS.protocolError.row) return row;
  return rowOfProtocolCode(rpc.rpcCode);
}

/** Rows 44–48 and 50. */
export function rowOfRpcError(failure: Failure, rpc: RpcError): Row {
  if (isListRefusal(failure, rpc)) {
    return failure.credentialsDeclared || failure.credentialsSent
      ? ROWS.listCredentialsRejected
      : ROWS.listAuthenticationRequired;
  }
  if (isAbsentList(failure.method, failure.advertised, rpc.rpcCode)) return ROWS.unexpectedError;
  if (!isList(failure.method) && failure.discoverRpcCode === HEADER_MISMATCH) return ROWS.headerMismatch;
  return (
    rowOfProtocolCode(rpc.rpcCode) ?? (isProtocolError(failure, rpc.rpcCode) ? ROWS.protocolError : ROWS.serverReportedError)
  );
}

/** The codes that MCP 2026-07-28 defines: rows 46–48. */
function rowOfProtocolCode(rpcCode: number | undefined): Row | undefined {
  switch (rpcCode) {
    case HEADER_MISMATCH:
      return ROWS.headerMismatch;
    case CLIENT_CAPABILITY_REQUIRED:
      return ROWS.clientCapabilityRequired;
    case UNSUPPORTED_PROTOCOL_VERSION:
      return ROWS.unsupportedProtocolVersion;
  }
  return undefined;
}

/** Row 45. */
function isProtocolError(failure: Failure, rpcCode: number | undefined): boolean {
  switch (rpcCode) {
    case METHOD_NOT_FOUND:
    case INVALID_PARAMS:
      return !isList(failure.method) || failure.advertised === true;
    case PARSE_ERROR:
    case INVALID_REQUEST:
      return !isList(failure.method);
  }
  return false;
}

/**
 * When `initialize` fails without a word of MCP, what `server/discover` was told before stands: the endpoint speaks JSON-RPC, so it is not
 * "not found" (rows 45 and 47: "… and fall-back", "and `initialize` fails too").
 */
export function rowOfEarlierRefusal(failure: Failure): Row | undefined {
  if (failure.discoverRpcCode === undefined || isList(failure.method)) return undefined;
  if (isProtocolError(failure, failure.discoverRpcCode)) return ROWS.protocolError;
  return rowOfProtocolCode(failure.discoverRpcCode);
}

/** Row 50: a list refused by a server that lets anyone `initialize`. Needs the text and a code or datum that agrees. */
function isListRefusal(failure: Failure, { rpcCode, dataStatus, mark }: RpcError): boolean {
  if (mark !== 'credentials' || !isList(failure.method)) return false;
  return dataStatus !== undefined || rpcCode === 0 || (rpcCode !== undefined && rpcCode >= -32_003 && rpcCode <= -32_001);
}

function isList(method: McpMethod | undefined): boolean {
  switch (method) {
    case 'tools/list':
    case 'resources/list':
    case 'resources/templates/list':
    case 'prompts/list':
    // Behind the same walls: who lets anyone `initialize` refuses here.
    case 'tools/call':
    case 'resources/read':
      return true;
    case 'server/discover':
    case 'initialize':
    case 'notifications/initialized':
    case undefined:
      return false;
  }
}
