import { compareBytes, concatBytes, toHex } from '../encoding/index.ts'
import type { Sha256 } from '../identity/index.ts'
import type { HeadRow, Replica } from '../replica/index.ts'

/** SHA-256 over the keys of the devices that are known here to have forked, ascending; 32 zero bytes for none. */
export function forkDigest({ history, forkEnds }: Replica, sha256: Sha256): Uint8Array {
  if (forkEnds.forked.size === 0) return new Uint8Array(32)
  const keys = [...forkEnds.forked].map((device) => history.keyOf(device).slice())
  return sha256(concatBytes(...keys.sort(compareBytes)))
}

/** Devices (hex) of which these rows name several ends and which are not known here to have forked. */
export function forksTold({ history, forkEnds }: Replica, rows: readonly HeadRow[]): Set<string> {
  const named = new Set<string>()
  const told = new Set<string>()
  for (const { device } of rows) {
    const name = toHex(device)
    if (named.has(name) && !forkEnds.forked.has(history.findDevice(device))) told.add(name)
    named.add(name)
  }
  return told
}
