import { describe, expect, it } from 'vitest';
import { readMessage, readVersions, writeRequest } from '../../src/probe/json-rpc.ts';

describe('a message', () => {
  it.each<[unknown, string]>([
    [{ jsonrpc: '2.0', id: 1, result: {} }, 'result'],
    [{ jsonrpc: '2.0', id: 1, result: [] }, 'malformed'],
    [{ jsonrpc: '2.0', id: 1, result: null }, 'malformed'],
    [{ jsonrpc: '2.0', id: null, error: { code: -32700, message: 'x' } }, 'error'],
    [{ jsonrpc: '2.0', id: 1, error: {}, result: {} }, 'error'],
    [{ jsonrpc: '2.0', method: 'ping', id: 1 }, 'incoming'],
    [{ jsonrpc: '2.0', method: 'n' }, 'incoming'],
    [{ jsonrpc: '2.0', id: 1 }, 'foreign'],
    [{ jsonrpc: '1.0', id: 1, result: {} }, 'foreign'],
    [{ id: 1, result: {} }, 'foreign'],
    [[], 'foreign'],
    [null, 'foreign'],
    ['x', 'foreign'],
  ])('%j is %s', (value, kind) => {
    expect(readMessage(value).kind).toBe(kind);
  });

  it('keeps the code and the supported versions of an error, and none of its text', () => {
    const message = readMessage({
      jsonrpc: '2.0',
      id: 1,
      error: { code: -32022, message: 'secret', data: { supported: ['2025-11-25', 7], requested: 'x' } },
    });
    expect(message).toMatchObject({ error: { rpcCode: -32022, mark: 'none' }, supported: ['2025-11-25'] });
    expect(JSON.stringify(message)).not.toContain('secret');
  });
});

it('a request has an id, a notification has none', () => {
  expect(JSON.parse(writeRequest(0, 'tools/list', {}))).toEqual({ jsonrpc: '2.0', id: 0, method: 'tools/list', params: {} });
  expect(JSON.parse(writeRequest(undefined, 'notifications/initialized', {}))).not.toHaveProperty('id');
});

it('versions are read from a list, at most 32', () => {
  expect(readVersions('x')).toBe(undefined);
  expect(readVersions(Array.from({ length: 100 }, () => 'v'))?.length).toBe(32);
});
