/**
 * What a running operator holds: memory and descriptors as the kernel tells, heap and active resources as its metrics tell.
 */
import { readdirSync, readlinkSync } from 'node:fs';
import { sumSeries } from '../exposition.ts';
import { readProcessUsage } from '../process-usage.ts';

/** What is watched, by name. Memory in MiB, the others in numbers. */
export interface Holdings {
  readonly 'heap in use': number;
  readonly 'resident memory': number;
  readonly 'file descriptors': number;
  readonly sockets: number;
  readonly timers: number;
  readonly 'active resources': number;
}

/** `exposition`: of the operator's `/metrics`. NaN for what this kernel does not tell. */
export function readHoldings(pid: number | undefined, exposition: string): Holdings {
  const targets = readDescriptors(pid);
  return {
    'heap in use': sumSeries(exposition, 'nodejs_heap_size_used_bytes') / 2 ** 20,
    'resident memory': readProcessUsage(pid)?.rssMiB ?? Number.NaN,
    'file descriptors': targets?.length ?? Number.NaN,
    sockets: targets?.filter((target) => target.startsWith('socket:')).length ?? Number.NaN,
    timers: sumSeries(exposition, 'nodejs_active_resources', 'type="Timeout"'),
    'active resources': sumSeries(exposition, 'nodejs_active_resources'),
  };
}

/** What each open descriptor is; undefined without /proc. Descriptors that close meanwhile are left out. */
function readDescriptors(pid: number | undefined): string[] | undefined {
  try {
    const directory = `/proc/${pid}/fd`;
    return readdirSync(directory).flatMap((name) => {
      try {
        return [readlinkSync(`${directory}/${name}`)];
      } catch {
        return [];
      }
    });
  } catch {
    return undefined;
  }
}
