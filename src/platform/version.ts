/**
 * The version of this program, one constant: `hack/build.ts` puts the one of package.json into the bundle; from source it is `dev`.
 */

/** Replaced while bundling. */
declare const BUNDLED_VERSION: string | undefined;

export const PRODUCT_NAME = 'mcpserver-operator';

export const PRODUCT_VERSION: string = typeof BUNDLED_VERSION === 'string' ? BUNDLED_VERSION : 'dev';
