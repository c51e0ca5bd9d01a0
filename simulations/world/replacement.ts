import type { Change } from '#protocol/authority'
import { toHex } from '#protocol/encoding'
import type { Replica } from '#protocol/replica'

/** What would give a device, against the loss account of a silent one, all that this holds of the unit of which it holds most. */
export function replaceOf(
  { epochs }: Replica,
  { device, lost }: { device: Uint8Array; lost: Uint8Array },
): Change | null {
  const books = epochs.evaluation
  const held = books.definitions().map(({ unit }) => ({ unit, amount: books.holding(toHex(lost), unit) }))
  const [most] = held.sort((a, b) => (a.amount === b.amount ? 0 : a.amount < b.amount ? 1 : -1))
  return most === undefined || most.amount <= 0n ? null : { kind: 'replace', device, ...most, lost }
}
