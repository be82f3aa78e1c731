/**
 * Where mock servers live: each on its own address of 127.0.0.0/8 with one port for all, as servers in a cluster have; or, where only
 * 127.0.0.1 exists (macOS, BSD), each on its own port of that. Pure.
 */

/** The address of server `index`, from 127.16.1.1 on: 127.0.x.y is left to people and to systemd-resolved. */
export function loopbackAddress(index: number): string {
  const second = 16 + Math.floor(index / 62_500);
  const third = (Math.floor(index / 250) % 250) + 1;
  return `127.${second}.${third}.${(index % 250) + 1}`;
}
