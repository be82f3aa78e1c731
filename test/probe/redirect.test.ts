import { describe, expect, it } from 'vitest';
import { judgeRedirect } from '../../src/probe/redirect.ts';

describe('a redirect', () => {
  it.each([
    [307, 'http://a.example/mcp/', '/mcp', 'http://a.example/mcp'],
    [308, 'https://a.example/mcp', '/x?y=1#z', 'https://a.example/x?y=1'],
    [301, 'http://a.example/mcp', 'https://a.example/mcp', 'https://a.example/mcp'],
    [307, 'http://a.example:8080/mcp', 'https://a.example:8443/mcp', 'https://a.example:8443/mcp'],
    [301, 'http://a.example/mcp', '/mcp/', 'method'],
    [303, 'http://a.example/mcp', '/login', 'method'],
    [302, 'http://a.example/mcp', 'https://a.example/mcp', 'otherOrigin'],
    [302, 'http://a.example/mcp', 'https://login.example/', 'otherOrigin'],
    [307, 'http://a.example/mcp', 'http://a.example:81/mcp', 'otherOrigin'],
    [307, 'https://a.example/mcp', 'https://b.a.example/mcp', 'otherOrigin'],
    [308, 'https://a.example/mcp', 'http://a.example/mcp', 'downgrade'],
    [307, 'http://a.example/mcp', 'https://u:p@a.example/mcp', 'otherOrigin'],
    [307, 'http://a.example/mcp', '', 'noLocation'],
    [307, 'http://a.example/mcp', undefined, 'noLocation'],
    [307, 'http://a.example/mcp', 'http://[', 'noLocation'],
    [307, 'http://a.example/mcp', '', 'noLocation'],
    [307, 'http://a.example/mcp', '#top', 'loop'],
    [307, 'http://a.example/mcp', 'blob:http://a.example/x', 'otherOrigin'],
    [307, 'http://a.example/mcp', 'data:application/json,{}', 'otherOrigin'],
  ])('%i from %s to %s: %s', (httpStatus, from, location, expected) => {
    const judged = judgeRedirect(httpStatus, location, new URL(from));
    expect(judged.kind === 'follow' ? judged.url.href : judged.why).toBe(expected);
  });
});
