import { fromHex, toHex } from '#protocol/encoding'
import type { History } from '#protocol/history'
import { CoopError } from '#node/errors'

/** Hexadecimal digits that a shortened commit id has at least: 32 bits, so that a hit by chance is rare. */
export const COMMIT_PREFIX_DIGITS_MIN = 8
/** Ids that an ambiguous prefix is answered with. */
const CANDIDATES_NAMED_MAX = 4

/** The place in the log of the commit that `text`, a commit id or its beginning, names. */
export function findCommit(history: History, text: string): number {
  const prefix = text.toLowerCase()
  if (!/^[0-9a-f]{8,64}$/.test(prefix)) {
    throw new CoopError(
      'usage',
      `'${text.slice(0, 80)}' is no commit id`,
      `Give the 64 hexadecimal digits of a commit id, or the first ${COMMIT_PREFIX_DIGITS_MIN} or more of them.`,
    )
  }
  const id = fromHex(prefix)
  const found =
    id?.length === 32 ? [history.find(id)].filter((order) => order >= 0) : withPrefix(history, prefix)
  const [order] = found
  if (order === undefined) {
    throw new CoopError(
      'commit-unknown',
      `no commit ${prefix} is here`,
      'Check the id; if it is right, connect to a device that has the commit (`coop peers`), or ask it.',
    )
  }
  if (found.length === 1) return order
  const named = found.slice(0, CANDIDATES_NAMED_MAX).map((it) => toHex(history.idOf(it)))
  throw new CoopError(
    'commit-ambiguous',
    `${found.length} commits begin with ${prefix}: ${named.join(', ')}${found.length > named.length ? ', …' : ''}`,
    'Give more digits.',
  )
}

/** Places of all commits whose id begins with these digits. One pass over all ids: 10 ms for a million. */
function withPrefix(history: History, prefix: string): number[] {
  const whole = fromHex(prefix.slice(0, prefix.length & ~1)) ?? new Uint8Array()
  const found: number[] = []
  for (let order = 0; order < history.length; order += 1) {
    const id = history.idOf(order)
    if (whole.every((byte, i) => id[i] === byte) && toHex(id).startsWith(prefix)) found.push(order)
  }
  return found
}
