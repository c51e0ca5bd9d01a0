import { BitList, PastVector } from '../history/index.ts'
import type { Branch, History } from '../history/index.ts'
import type { Replica } from '../replica/index.ts'
import type { Want } from './frame.ts'
import { HAVE_MAX } from './limits.ts'

/** A part of one chain: what leads to the commit of seq `length - 1` on `branch`, from seq `from`. */
interface Range {
  branch: Branch
  from: number
  length: number
}

/**
 * Orders, ascending, of the commits that answer these wants. Of a chain of which the peer names only commits that are
 * not here, the first commit alone: the side that holds both branches finds where they parted, and of two that parted
 * at the first commit each learns the other's so.
 */
export function ordersOf(replica: Replica, wants: readonly Want[], isAuthorityOnly: boolean): Uint32Array {
  const { history } = replica
  const closure = isAuthorityOnly ? authorityPast(replica, wants) : null
  const ranges: Range[] = []
  for (const want of wants) {
    const to = history.find(want.to)
    if (to < 0 || history.deviceOf(to) !== history.findDevice(want.device)) continue
    const branch = history.branchOf(to)
    const known = want.have
      .map((id) => history.find(id))
      .filter((order) => order >= 0 && history.deviceOf(order) === branch.device)
    const from = known.reduce((length, order) => Math.max(length, sharedLength(history, order, to)), 0)
    const end = want.have.length === 0 || known.length > 0 ? history.seqOf(to) + 1 : 1
    const length = closure === null ? end : knownLength(closure, history, { branch, length: end })
    ranges.push({ branch, from, length })
  }
  // In the order in which they were stored: what a commit acknowledges comes before it.
  return Uint32Array.from(withoutDoubles(history, ranges)).sort()
}

/**
 * The orders of all ranges, each once. Takes steps by the number of different commits: thousands of ranges may share
 * a long chain.
 */
function withoutDoubles(history: History, ranges: readonly Range[]): number[] {
  const taken = new BitList()
  const orders: number[] = []
  // Whoever comes upon a commit that was taken comes upon all before it down to a `from` that is not above its own.
  for (const { branch, from, length } of ranges.toSorted((a, b) => a.from - b.from)) {
    let order = length > from ? branch.at(length - 1) : -1
    for (let seq = length - 1; seq >= from && order >= 0 && !taken.has(order); seq -= 1) {
      taken.add(order)
      orders.push(order)
      order = history.prevOf(order)
    }
  }
  return orders
}

/** Everything in the past of the wanted chains' authority sections: these can only be folded with it. */
function authorityPast(replica: Replica, wants: readonly Want[]): PastVector {
  const { history } = replica
  const past = new PastVector(history)
  for (const want of wants) {
    const to = history.find(want.to)
    if (to < 0) continue
    const last = history.branchOf(to).at(replica.authorityLengthOf(to) - 1)
    if (last >= 0) past.add(last)
  }
  return past
}

/** Number of commits that two commits of one device have in common in their chains. */
function sharedLength(history: History, a: number, b: number): number {
  const [first, second] = [history.branchOf(a), history.branchOf(b)]
  const length = Math.min(history.seqOf(a), history.seqOf(b)) + 1
  if (first === second) return length
  return longest(length, (seq) => first.at(seq) === second.at(seq))
}

/** Number of the first `length` commits of a branch that are in the past. */
function knownLength(
  past: PastVector,
  history: History,
  { branch, length }: { branch: Branch; length: number },
): number {
  return longest(length, (seq) => {
    const order = branch.at(seq)
    return past.knows(history.branchOf(order), seq)
  })
}

/** How many of the first `length` commits of a chain hold; behind one that does not, none does. */
function longest(length: number, holds: (seq: number) => boolean): number {
  let low = 0
  for (let high = length; low < high;) {
    const middle = (low + high) >>> 1
    if (holds(middle)) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Ids that say what this side has of a device: what waits, and the ends of its branches, first those that everybody is
 * told of. When the peer's row shows that it has another branch (`isParted`), also commits of the longest further and
 * further back to the first, so that it can tell where they parted.
 */
export function knownOf(replica: Replica, device: Uint8Array, isParted: boolean): Uint8Array[] {
  const { history, forkEnds } = replica
  const number = history.findDevice(device)
  const branches = history.branchesOf(number)
  const ids = replica.pending.endsOf(device).slice(0, ENDS_MAX / 2)
  const ends = new Set(number < 0 ? [] : forkEnds.of(number))
  for (let i = 0; i < branches.length && ids.length + ends.size < ENDS_MAX; i += 1)
    ends.add(branches[i]?.end ?? -1)
  ids.push(...[...ends].slice(0, ENDS_MAX - ids.length).map((order) => history.idOf(order).slice()))
  const [first] = branches
  if (!isParted || first === undefined) return ids
  const branch = branches.reduce((long, it) => (it.length > long.length ? it : long), first)
  for (let back = 1; back < branch.length - 1 && ids.length < HAVE_MAX - 1; back *= 2)
    ids.push(history.idOf(branch.at(branch.length - 1 - back)).slice())
  ids.push(history.idOf(branch.at(0)).slice())
  return ids
}

/** Ends that one wanted range names; the rest of its ids are steps back. */
const ENDS_MAX = HAVE_MAX / 4
