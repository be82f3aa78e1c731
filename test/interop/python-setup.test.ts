/**
 * What happens where Python, or its packages, can not be had: one loud line, nothing half-made in the cache.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { preparePython } from './python-setup.ts';

let cache: string;
let told: string;

beforeEach(() => {
  cache = mkdtempSync(path.join(tmpdir(), 'mcpserver-operator-python-'));
  told = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    told += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(cache, { recursive: true, force: true });
});

it('without python3 it says in one loud line that the servers are left out', async () => {
  const python = await preparePython({ ...process.env, PATH: path.join(cache, 'nothing'), XDG_CACHE_HOME: cache });
  expect(python.kind).toBe('absent');
  expect(told).toMatch(/^interop: the Python MCP servers are LEFT OUT: [^\n]+\n$/);
});

it('an installation that fails leaves nothing behind that a later start would trust', async () => {
  // pip without an index finds nothing; where there is no python3 at all the answer is the same.
  const offline = { PIP_NO_INDEX: '1', PIP_FIND_LINKS: cache };
  const python = await preparePython({ ...process.env, ...offline, XDG_CACHE_HOME: cache });
  expect(python.kind).toBe('absent');
  expect(told).toContain('LEFT OUT');
  const root = path.join(cache, 'mcpserver-operator', 'python');
  const left = readdirSync(cache).length === 0 ? [] : readdirSync(root);
  expect(left.filter((name) => name !== 'lock')).toEqual([]);
});
