/**
 * The flags of `call`. Arguments may come out of a file, because every process of the machine can read a command line; credentials come out
 * of the Secrets that a spec names, and in no other way.
 */
import { DNS_LABEL_PATTERN } from '../../api/v1alpha1/text.ts';
import { choice, duration, text, toggle } from '../../platform/flag-kinds.ts';
import { PERSONAL_KUBECONFIG } from '../doctor/flags.ts';
import { PROBE_FLAGS } from '../probe-flags.ts';

export const CALL_FLAGS = {
  tool: text({ placeholder: 'NAME', help: 'tool to call' }),
  resource: text({ placeholder: 'URI', help: 'resource to read' }),
  arguments: text({
    placeholder: 'JSON|@FILE',
    hidden: true,
    help: 'arguments of the tool: an object, or a file that holds one (@- is standard input); none when absent',
  }),
  selector: text({ short: 'l', placeholder: 'LABELS', help: 'ask MCPServers with these labels, such as app=tickets,tier!=test' }),
  namespace: text({
    short: 'n',
    placeholder: 'NAMESPACE',
    help: 'where the MCPServers are; default: that of the kubeconfig',
    pattern: new RegExp(`^(?=.{1,63}$)${DNS_LABEL_PATTERN.slice(1)}`),
    expected: 'the name of a namespace',
  }),
  filename: { ...PROBE_FLAGS.filename, help: 'manifests to read instead of a cluster; - is standard input; may be repeated' },
  kubeconfig: PERSONAL_KUBECONFIG,
  timeout: duration({ fallback: '30s', min: '1s', max: '300s', help: 'for one server, handshake included' }),
  'allow-loopback': toggle({ fallback: false, help: 'allow servers on this machine' }),
  output: choice({ short: 'o', fallback: 'text', choices: ['text', 'json'], help: 'form of the answer' }),
} as const;

/** Names on one line; of a selector at most as many objects are asked. */
export const MAX_SERVERS = 64;
