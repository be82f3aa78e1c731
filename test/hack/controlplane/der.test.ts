import { expect, test } from 'vitest';
import * as der from '../../../hack/controlplane/der.ts';

const hex = (bytes: Buffer) => bytes.toString('hex');

test('integers are minimal and never become negative', () => {
  expect(hex(der.integer(Buffer.from([0])))).toBe('020100');
  expect(hex(der.integer(Buffer.from([0x7f])))).toBe('02017f');
  expect(hex(der.integer(Buffer.from([0x80])))).toBe('02020080');
  expect(hex(der.integer(Buffer.from([0, 0, 0x01])))).toBe('020101');
});

test('lengths take the short form below 128 and the shortest long form above', () => {
  expect(hex(der.octetString(Buffer.alloc(127)).subarray(0, 2))).toBe('047f');
  expect(hex(der.octetString(Buffer.alloc(128)).subarray(0, 3))).toBe('048180');
  expect(hex(der.octetString(Buffer.alloc(256)).subarray(0, 4))).toBe('04820100');
});

test('object identifiers are in base 128', () => {
  expect(hex(der.objectIdentifier('1.2.840.10045.4.3.2'))).toBe('06082a8648ce3d040302');
  expect(hex(der.objectIdentifier('2.5.29.17'))).toBe('0603551d11');
});

test('times change their form in 2050', () => {
  expect(der.time(new Date('2049-12-31T23:59:59.999Z')).toString()).toMatch(/^.{2}491231235959Z$/s);
  expect(der.time(new Date('2050-01-01T00:00:00Z')).toString()).toMatch(/^.{2}20500101000000Z$/s);
});

test('bit strings tell their unused bits, booleans are all ones or all zeros', () => {
  expect(hex(der.bitString(Buffer.from([0x80]), 7))).toBe('03020780');
  expect(hex(der.boolean(true)) + hex(der.boolean(false))).toBe('0101ff010100');
});
