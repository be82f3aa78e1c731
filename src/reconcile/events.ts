/**
 * Which Kubernetes events the change from one status to the next is worth (page 5.7): pure. Events tell changes, never that something
 * goes on, so the same status twice yields none. Their notes are the messages of the status: our own words, no text of a server.
 */
import { availableMessage, capabilitiesChangedMessage, expectationsMetMessage } from '../api/v1alpha1/messages.ts';
import type { Condition, ConditionType, FailureClass, MCPServerStatus } from '../api/v1alpha1/status.ts';
import type { EventNotice, EventReason } from './ports.ts';

/** A change of an object's status that was accepted. */
export interface StatusChange {
  readonly previous: MCPServerStatus;
  readonly status: MCPServerStatus;
  /** The probe that found it; undefined where none did. */
  readonly probeID: string | undefined;
}

type Told = Pick<EventNotice, 'type' | 'reason' | 'note'>;

/** At most four: one of the state, one of the catalogue, one of what is expected, one of the credential. */
export function eventsOf({ previous, status, probeID }: StatusChange): EventNotice[] {
  const told = [
    ...stateEvents(previous, status),
    ...catalogueEvents(previous, status),
    ...becameTrue(previous, status, 'ExpectationsUnmet', 'ToolsMissing'),
    ...becameTrue(previous, status, 'CapabilitiesDrifted', 'DigestMismatch'),
    ...becameTrue(previous, status, 'CredentialsExpiring', 'CredentialsExpiring'),
  ];
  return told.map((event) => ({
    ...event,
    action: probeID === undefined ? 'Judge' : 'Probe',
    ...(probeID !== undefined && { probeID }),
  }));
}

const FAILURE_EVENTS: Record<FailureClass, EventReason> = {
  Transient: 'TransientFailure',
  Permanent: 'PermanentFailure',
  Denied: 'Denied',
};

/** Pending and Suspended are no news: the owner has just edited the spec. */
function stateEvents(previous: MCPServerStatus, status: MCPServerStatus): Told[] {
  const { state, failure } = status;
  switch (state) {
    case 'Pending':
    case 'Suspended':
      return [];
    case 'Transient':
    case 'Permanent':
    case 'Denied':
      if (previous.state === state || failure === undefined) return [];
      return [{ type: 'Warning', reason: FAILURE_EVENTS[state], note: failure.message }];
    case 'Available': {
      if (previous.state !== 'Available') {
        return [{ type: 'Normal', reason: previous.failure ? 'Recovered' : 'Available', note: availableMessage() }];
      }
      const isMet = conditionOf(previous, 'Ready')?.status === 'False' && conditionOf(status, 'Ready')?.status === 'True';
      return isMet ? [{ type: 'Normal', reason: 'Recovered', note: expectationsMetMessage() }] : [];
    }
  }
}

/** Another catalogue of the same target: what another server offers, or the same one to another identity, is no change. */
function catalogueEvents({ capabilities: before }: MCPServerStatus, { capabilities: after }: MCPServerStatus): Told[] {
  if (before === undefined || after === undefined || before.digest === after.digest) return [];
  if (after.previousDigest !== before.digest) return [];
  return [{ type: 'Normal', reason: 'CapabilitiesChanged', note: capabilitiesChangedMessage(before, after) }];
}

function becameTrue(previous: MCPServerStatus, status: MCPServerStatus, type: ConditionType, reason: EventReason): Told[] {
  const condition = conditionOf(status, type);
  if (condition?.status !== 'True' || conditionOf(previous, type)?.status === 'True') return [];
  return [{ type: 'Warning', reason, note: condition.message }];
}

function conditionOf({ conditions }: MCPServerStatus, type: ConditionType): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}
