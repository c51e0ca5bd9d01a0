import { concatBytes } from '../encoding/index.ts'
import { PastVector } from '../history/index.ts'
import { ROW_BYTES, rowBytes } from '../replica/index.ts'
import type { HeadRow, Replica } from '../replica/index.ts'

/**
 * Rows by which a device says in one message what it has: 35 KB. A guess: more than write in one day at one place; what the
 * others have is mostly in the past of what these know.
 */
export const PAST_ROWS_MAX = 512

/** What this replica has, in few words: the ends of the chains that grew last, `ROW_BYTES` each, joined. */
export function pastRows({ history, heads }: Replica): Uint8Array {
  const ends = Array.from({ length: history.deviceCount }, (_, device) => device)
    .map((device) => ({ device, end: Math.max(-1, ...history.endsOf(device)) }))
    .filter((it) => it.end >= 0)
    .sort((a, b) => b.end - a.end)
  const rows: HeadRow[] = []
  for (const { device } of ends) {
    const own = heads.rowsOf(device)
    if (rows.length + own.length > PAST_ROWS_MAX) break
    rows.push(...own)
  }
  return concatBytes(...rows.map(rowBytes))
}

/** The rows that somebody sent so; null when that is none. */
export function readPastRows(bytes: Uint8Array): HeadRow[] | null {
  const count = bytes.length / ROW_BYTES
  if (!Number.isInteger(count) || count > PAST_ROWS_MAX) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const rows = Array.from({ length: count }, (_, i): HeadRow => {
    const at = i * ROW_BYTES
    return {
      device: bytes.slice(at, at + 32),
      length: view.getUint32(at + 32),
      id: bytes.slice(at + 36, at + ROW_BYTES),
    }
  })
  return rows.every((it) => it.length > 0) ? rows : null
}

/**
 * Orders, ascending, of the commits in the past of one, and it itself, that a device lacks by its own words; null for more
 * than `most`. A row of which the end is not here says that the device has more of that chain than this side, unless it is
 * no longer than it. Beside the rows counts what the device knew by the last commit of its own that is here.
 *
 * @param to - order of the commit
 * @param device - key of the device that said the rows
 */
export function missingFrom(
  { history, forkEnds }: Replica,
  { to, rows, device }: { to: number; rows: readonly HeadRow[]; device: Uint8Array },
  most: number,
): Uint32Array | null {
  const lengths = new Map<number, number>()
  let last = -1
  for (const row of rows) {
    const order = history.find(row.id)
    const number = history.findDevice(row.device)
    const isHere = order >= 0 && history.deviceOf(order) === number
    const end = isHere ? order : forkEnds.forked.has(number) ? -1 : history.onlyEndOf(number)
    if (end < 0 || (!isHere && history.seqOf(end) >= row.length)) continue
    if (history.isBy(end, device)) last = Math.max(last, end)
    let length = history.seqOf(end) + 1
    for (let branch = history.branchOf(end); ; branch = branch.parent) {
      lengths.set(branch.index, Math.max(length, lengths.get(branch.index) ?? 0))
      if (branch.parent === null) break
      length = branch.base
    }
  }
  const past = history.past.copy(to)
  const known = last < 0 ? new PastVector(history) : history.past.copy(last)
  const orders: number[] = []
  for (const branch of history.branches) {
    const from = Math.max(branch.base, known.lengthOf(branch), lengths.get(branch.index) ?? 0)
    const length = past.lengthOf(branch)
    if (orders.length + length - from > most) return null
    for (let seq = from; seq < length; seq += 1) orders.push(branch.at(seq))
  }
  return Uint32Array.from(orders).sort()
}
