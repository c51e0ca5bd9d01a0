import { BitList, PastVector } from '../history/index.ts'
import type { Branch, History } from '../history/index.ts'
import { forkProof } from '../replica/index.ts'
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
export function ordersOf(replica: Replica, wants: readonly Want[], isUrgentOnly: boolean): Uint32Array {
  const { history } = replica
  const closure = isUrgentOnly ? urgentPast(replica, wants) : null
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
  return withoutDoubles(ranges)
}

/**
 * The orders of all ranges, each once, ascending. Takes steps by the number of different commits: thousands of ranges may share
 * a long chain.
 */
function withoutDoubles(ranges: readonly Range[]): Uint32Array {
  const taken = new BitList()
  // Whoever comes upon a commit that was taken comes upon all before it down to a `from` that is not above its own.
  for (const { branch, from, length } of ranges.toSorted((a, b) => a.from - b.from)) {
    let order = length > from ? branch.at(length - 1) : -1
    for (let seq = length - 1; seq >= from && order >= 0 && !taken.has(order); seq -= 1) {
      taken.add(order)
      order = branch.at(seq - 1)
    }
  }
  return taken.places()
}

/**
 * Everything in the past of the wanted chains' authority sections and fork proofs: these can only be folded with it.
 * A proof goes on to the next commit whose signature was checked here, since it is checked there too.
 */
function urgentPast(replica: Replica, wants: readonly Want[]): PastVector {
  const { history } = replica
  const past = new PastVector(history)
  const proven = new Set<number>()
  for (const want of wants) {
    const to = history.find(want.to)
    if (to < 0) continue
    const last = history.branchOf(to).at(replica.authorityLengthOf(to) - 1)
    if (last >= 0) past.add(last)
    const device = history.deviceOf(to)
    if (proven.has(device)) continue
    proven.add(device)
    for (const order of proofOf(replica, device)) past.add(signedFrom(replica, order))
  }
  return past
}

/** The two commits that prove a device's fork; none when it has not forked. */
function proofOf({ history, forkEnds }: Replica, device: number): readonly number[] {
  return forkEnds.forked.has(device) ? forkProof(history, history.branchesOf(device)) : []
}

/** The first commit at or after this one on its branch whose own signature was checked here; else the branch's end. */
function signedFrom(replica: Replica, order: number): number {
  const { history } = replica
  const branch = history.branchOf(order)
  for (let seq = history.seqOf(order); seq < branch.length; seq += 1)
    if (replica.isSigned(branch.at(seq))) return branch.at(seq)
  return branch.end
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
 * Ids that say what this side has of a device: what waits, and the ends of its branches: half of them those that grew
 * last, since a cut leaves these unfinished, then those that everybody is told of, then others. When the device is known
 * to have forked, or the peer's row shows that it has another branch (`isParted`), also commits of the branches further
 * and further back, of the longest one to the first of all, so that the peer can tell where they parted.
 */
export function knownOf(replica: Replica, device: Uint8Array, isParted: boolean): Uint8Array[] {
  const { history, forkEnds } = replica
  const number = history.findDevice(device)
  const branches = history.branchesOf(number).toSorted((a, b) => b.end - a.end)
  const ids = replica.pending.endsOf(device).slice(0, ENDS_MAX / 4)
  const newest = branches.map((it) => it.end)
  const told = number < 0 ? [] : forkEnds.of(number)
  const ends = new Set([...newest.slice(0, ENDS_MAX / 2), ...told, ...newest])
  const named = [...ends].slice(0, ENDS_MAX - ids.length)
  ids.push(...named.map((order) => history.idOf(order).slice()))
  if (named.length === 0 || (!isParted && branches.length === 1)) return ids
  const [longest, ...others] = branches.toSorted((a, b) => b.length - a.length)
  if (longest === undefined) return ids
  const stepBack = (branch: Branch, least: number): void => {
    for (let back = 1; branch.length - 1 - back > least && ids.length < HAVE_MAX - 1; back *= 2)
      ids.push(history.idOf(branch.at(branch.length - 1 - back)).slice())
  }
  stepBack(longest, 0)
  for (const branch of others) stepBack(branch, branch.base - 1)
  ids.push(history.idOf(longest.at(0)).slice())
  return ids
}

/** Ends that one wanted range names; the rest of its ids are steps back. */
const ENDS_MAX = 32
