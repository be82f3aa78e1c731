import { describe, expect, it } from 'vitest';
import { anchorOf, classOf, isReason, reasonsTable, STATE_REASONS } from '../../../src/api/v1alpha1/reasons.ts';

describe('the table of reasons', () => {
  it('has a row for each of the 55 reasons', () => {
    expect(reasonsTable.length).toBe(55);
    expect(new Set(reasonsTable.map(({ reason }) => reason)).size).toBe(reasonsTable.length);
  });

  it.each(reasonsTable)('$reason: its class, one sentence of cause and one of remedy', (row) => {
    expect(classOf(row.reason)).toBe(row.class);
    expect(row.cause).toMatch(/^[A-Z][^\n{}]+[^.]\.$/);
    expect(row.cause.match(/\. /g)).toBeNull();
    // A remedy can follow "If it lasts, ": it begins with a verb.
    expect(row.remedy).toMatch(/^[A-Z][a-z]+ [^\n{}]+[^.]\.$/);
  });

  it('a permanent row never says starting, a transient one never needs attention, a denied one never retry', () => {
    for (const row of reasonsTable) {
      const text = `${row.cause} ${row.remedy}`;
      if (row.class === 'Permanent') expect(text).not.toMatch(/starting/i);
      if (row.class === 'Transient') expect(text).not.toMatch(/needs attention|will not work/i);
      if (row.class === 'Denied') expect(text).not.toMatch(/retr(y|ies|ied)/i);
    }
  });

  it('names are CamelCase, and no failure has the name of a state', () => {
    for (const name of [...STATE_REASONS, ...reasonsTable.map(({ reason }) => reason)]) expect(name).toMatch(/^[A-Z][A-Za-z]+$/);
    expect(STATE_REASONS.filter((reason) => isReason(reason))).toEqual([]);
  });

  it('a text that is no reason is told apart, names of object members too', () => {
    expect(isReason('ConnectionRefused')).toBe(true);
    for (const text of ['', 'constructor', 'toString', '__proto__', 'Available']) expect(isReason(text)).toBe(false);
  });

  it('anchors are lower case', () => {
    expect(anchorOf('TLSHandshakeFailed')).toBe('tlshandshakefailed');
  });
});
