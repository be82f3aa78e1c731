/**
 * What keeps the operator itself from probing: it has no right to read what a spec refers to. That is a fault of the installation and
 * never a verdict on the server, so whoever is Ready stays Ready; but somebody must hear of it. Pure, but for the memory that it keeps.
 *
 * One refusal is no obstacle: an API server that has just started knows no roles yet, and a chart's RBAC may follow its objects.
 */
import { forbiddenReferenceMessage, type ReferenceName } from '../api/v1alpha1/messages.ts';
import type { Memory } from './memory.ts';
import type { EventNotice } from './ports.ts';

/** As many refusals in a row are an obstacle: with the pauses between them that takes 1.5 s to 3 s. */
const OBSTACLE_AFTER = 3;

/** What could not be read, and how often in a row. */
export interface Forbidden {
  readonly reference: ReferenceName;
  readonly inRow: number;
}

/** Notes how a probe without a verdict ended. True when that makes an obstacle of what was none: now it is to be told. */
export function noteForbidden(memory: Pick<Memory, 'forbidden'>, reference: ReferenceName | undefined): boolean {
  const inRow = (memory.forbidden?.inRow ?? 0) + 1;
  memory.forbidden = reference === undefined ? undefined : { reference, inRow };
  return reference !== undefined && inRow === OBSTACLE_AFTER;
}

/** What the operator has no right to read, once that is certain. */
export function obstacleOf({ forbidden }: Pick<Memory, 'forbidden'>): ReferenceName | undefined {
  return forbidden !== undefined && forbidden.inRow >= OBSTACLE_AFTER ? forbidden.reference : undefined;
}

/** The event for it: the owner of the object sees why nothing moves, whatever its status says. */
export function obstacleEvent(reference: ReferenceName, probeID: string): EventNotice {
  const note = forbiddenReferenceMessage(reference);
  return { type: 'Warning', reason: 'CredentialsForbidden', action: 'Probe', note, probeID };
}
