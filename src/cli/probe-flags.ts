/**
 * The flags of `probe`. Credentials come from the environment or a file and never from the command line, where every process of the
 * machine can read them.
 */
import { choice, duration, list, text, toggle } from '../platform/flag-kinds.ts';

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const HEADER_SOURCE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}=[A-Za-z_][A-Za-z0-9_]*$/;

export const PROBE_FLAGS = {
  filename: list({
    short: 'f',
    placeholder: 'FILE',
    help: 'manifests to probe; - is standard input; may be repeated',
    item: 'file names',
    isItem: (name) => name !== '',
    maxItems: 64,
    repeatable: true,
  }),
  kubeconfig: text({
    placeholder: 'FILE',
    help: 'with -f: read from this cluster what the manifests refer to and do not hold',
  }),
  output: choice({ short: 'o', fallback: 'table', choices: ['table', 'json', 'yaml'], help: 'form of the answer' }),
  'allow-loopback': toggle({ fallback: false, help: 'allow servers on this machine' }),
  timeout: duration({ fallback: '10s', min: '1s', max: '300s', help: 'for one HTTP request; with -f the manifest says' }),
  'bearer-env': text({
    placeholder: 'NAME',
    hidden: true,
    help: 'environment variable that holds a bearer token',
    pattern: VARIABLE,
    expected: 'the name of an environment variable, not the token itself',
  }),
  'header-env': list({
    placeholder: 'HEADER=NAME',
    hidden: true,
    help: 'header whose value is in an environment variable; may be repeated',
    item: 'Header=VARIABLE with the name of an environment variable',
    isItem: (source) => HEADER_SOURCE.test(source),
    maxItems: 32,
    repeatable: true,
  }),
} as const;
