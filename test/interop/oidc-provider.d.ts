/** What our tests use of `oidc-provider`, which ships no types. */
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  export default class Provider {
    constructor(issuer: string, configuration: Readonly<Record<string, unknown>>);
    /** The listener for `createServer`. */
    callback(): RequestListener;
  }

  export namespace errors {
    export class InvalidTarget extends Error {}
  }
}
