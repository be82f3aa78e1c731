import { describe, expect, it } from 'vitest';
import { isAbsentList } from '../../src/probe/classify-rpc.ts';
import type { FailureFact } from '../../src/probe/outcome.ts';
import { describeRpcError } from '../../src/probe/text-mark.ts';
import { judge, ON_INITIALIZE, ON_TOOLS, render, rpc, WITH_TOKEN } from './facts.ts';

describe('page 4, JSON-RPC', () => {
  it('row 51: −32601 on a list that was not advertised, or on resources/templates/list, is an absent list', () => {
    expect(isAbsentList('tools/list', false, -32_601)).toBe(true);
    expect(isAbsentList('prompts/list', undefined, -32_601)).toBe(true);
    expect(isAbsentList('resources/templates/list', true, -32_601)).toBe(true);
    expect(isAbsentList('tools/list', true, -32_601)).toBe(false);
    expect(isAbsentList('tools/list', false, -32_602)).toBe(false);
    expect(isAbsentList('initialize', false, -32_601)).toBe(false);
    expect(isAbsentList(undefined, false, -32_601)).toBe(false);
    // A prober that reports it as a failure all the same has a bug, and that is what users are told.
    expect(judge(rpc(-32_601), { method: 'tools/list', advertised: false }).row).toBe(62);
  });
});

describe('D1: a server that lets anyone initialize and refuses the list', () => {
  const texts = [
    'Missing Authorization header',
    'Invalid Authorization header format. Expected: Bearer <token>',
    'Token has expired',
    'Invalid token: x',
  ];

  for (const message of texts) {
    it(`D1: "${message}" with code 0 is denied on a list, and never on initialize`, () => {
      const fact: FailureFact = { kind: 'rpcError', stage: 'rpc', rpc: describeRpcError({ code: 0, message }) };
      expect(render(judge(fact, { ...ON_TOOLS, ...WITH_TOKEN }))).toBe('Denied CredentialsRejected');
      expect(render(judge(fact, ON_TOOLS))).toBe('Denied AuthenticationRequired');
      expect(render(judge(fact, ON_INITIALIZE))).toBe('Transient ServerReportedError');
    });
  }

  it('D1: the text alone, with a code that says something else, denies nothing', () => {
    expect(judge(rpc(-32_000, { mark: 'credentials' }), ON_TOOLS).class).toBe('Transient');
    expect(judge(rpc(-32_004, { mark: 'credentials' }), ON_TOOLS).class).toBe('Transient');
  });
});
