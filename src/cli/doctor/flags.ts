/**
 * The flags of `doctor`. Those that `run` has too bear the same names and mean the same, so that what was given to one can be given to
 * the other.
 */
import { RUN_FLAGS } from '../../config.ts';
import { choice, text, toggle } from '../../platform/flag-kinds.ts';

/** Of the verbs that people run: they find the cluster where kubectl does. */
export const PERSONAL_KUBECONFIG = {
  ...RUN_FLAGS.kubeconfig,
  help: "kubeconfig to use; else KUBECONFIG, else ~/.kube/config, else the Pod's ServiceAccount",
};

export const DOCTOR_FLAGS = {
  pre: toggle({ fallback: false, help: 'before the installation: what is to be installed need not be there' }),
  kubeconfig: PERSONAL_KUBECONFIG,
  as: text({
    placeholder: 'USER',
    help: 'whose rights are asked for, such as system:serviceaccount:NAMESPACE:NAME; our own when absent',
    pattern: /^[^\s]{1,253}$/,
    expected: 'the name of a user, such as system:serviceaccount:mcp:mcpserver-operator',
  }),
  namespaces: { ...RUN_FLAGS.namespaces, help: 'the namespaces that the operator watches; all when absent' },
  'lease-namespace': { ...RUN_FLAGS['lease-namespace'], help: 'where the operator is installed; looked for when absent' },
  'lease-name': RUN_FLAGS['lease-name'],
  output: choice({ short: 'o', fallback: 'table', choices: ['table', 'json'], help: 'form of the answer' }),
} as const;
