import { expect, it } from 'vitest';
import { AUTHORIZATION_DETAILS } from '../../../src/api/v1alpha1/authorization-details.ts';
import { CREDENTIAL_DETAILS, DETAILS } from '../../../src/api/v1alpha1/credential-details.ts';
import { failureMessage } from '../../../src/api/v1alpha1/messages.ts';

it('no fact of one table hides one of the other', () => {
  const count = Object.keys(AUTHORIZATION_DETAILS).length + Object.keys(CREDENTIAL_DETAILS).length;
  expect(Object.keys(DETAILS).length).toBe(count);
});

it('A6: each is a sentence of the message, in the words of a permanent failure', () => {
  for (const [name, sentence] of Object.entries(CREDENTIAL_DETAILS)) {
    const detail = name as keyof typeof CREDENTIAL_DETAILS;
    const message = failureMessage({ reason: 'InvalidCredentials', stage: 'credentials', detail });
    expect(message).toContain(sentence);
    expect(message).toMatch(/needs attention/);
    expect(sentence).toMatch(/^[A-Z].*\.$/);
    expect(sentence).not.toMatch(/starting|retried/);
  }
});
