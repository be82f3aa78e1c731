/**
 * The alerts: one row each, with its expression, its run-book, and examples that `promtool test rules` proves: a situation in which it
 * fires and one in which it stays quiet. Rules, documents and tests are made from this table.
 *
 * Alerts about a server name it by the labels namespace and name; alerts about the operator carry the labels of its target.
 */
import { OPERATOR_ALERTS } from './operator-alerts.ts';
import { SERVER_ALERTS } from './server-alerts.ts';

/** A situation, as promtool is told it: one sample a minute. */
export interface Example {
  /** Series in the notation of promtool: `value+step x times`. */
  readonly series: Readonly<Record<string, string>>;
  /** When one looks, in minutes. */
  readonly atMinute: number;
  /** Labels of each alert that fires then, without alertname and severity; none: it stays quiet. */
  readonly fires: readonly Readonly<Record<string, string>>[];
}

export interface Alert {
  readonly name: string;
  readonly severity: 'critical' | 'warning' | 'info';
  readonly expression: string;
  /** How long the expression must hold, as Prometheus writes it. */
  readonly for: string;
  /** One line with what happened where. */
  readonly summary: string;
  /** What it means, and for whom. */
  readonly meaning: string;
  /** What to do, in order. */
  readonly steps: readonly string[];
  readonly examples: readonly Example[];
}

/** Groups of the rule file, by name. */
export const ALERT_GROUPS: ReadonlyMap<string, readonly Alert[]> = new Map([
  ['mcpservers', SERVER_ALERTS],
  ['mcpserver-operator', OPERATOR_ALERTS],
]);

/** All of them. */
export const ALERTS: readonly Alert[] = [...ALERT_GROUPS.values()].flat();
