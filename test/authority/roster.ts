import { stewardOf } from './epoch.ts'
import type { Epoch } from './epoch.ts'
import type { Oracle } from './oracle.ts'
import type { Commit, SealRecord } from './world.ts'

/** The chosen line of what the oracle holds: ids from the founding epoch to the tip. */
export function chosenLine(oracle: Oracle, commits: Iterable<Commit> = oracle.commits): string[] {
  const stored = [...commits]
  const committed = [...oracle.committed(stored).values()]
  const line = [oracle.genesis.coop]
  for (;;) {
    const at = line.at(-1)
    const children = committed.filter((it) => it.parent === at)
    const [best] = children.sort((a, b) => compare(oracle, stored, committed, [a, b]))
    if (best === undefined) return line
    line.push(best.id)
  }
}

/** Below zero when the first comes before the second. */
function compare(
  oracle: Oracle,
  stored: readonly Commit[],
  committed: readonly SealRecord[],
  [a, b]: [SealRecord, SealRecord],
): number {
  const hasChild = (seal: SealRecord): boolean => committed.some((it) => it.parent === seal.id)
  const childless = (seal: SealRecord): number => Number(!hasChild(seal))
  const recovery = (seal: SealRecord): number => Number(seal.changes !== null)
  const removed = (seal: SealRecord): number => oracle.epoch(seal.id).removed.size
  const weights = weigh(oracle, stored, committed, a.parent)
  const weight = (seal: SealRecord): number => weights.get(seal.id) ?? 0
  const order: number[] = []
  if (oracle.rules.recoveries === 'first') order.push(recovery(b) - recovery(a))
  if (oracle.rules.childFirst) {
    order.push(childless(a) - childless(b), recovery(a) - recovery(b))
    order.push(attemptOf(stored, b) - attemptOf(stored, a))
  } else order.push(recovery(a) * childless(a) - recovery(b) * childless(b))
  order.push(weight(b) - weight(a), removed(b) - removed(a), a.id < b.id ? -1 : 1)
  return order.find((it) => it !== 0) ?? 0
}

/** The latest attempt that anybody made at the recovery. */
function attemptOf(stored: readonly Commit[], seal: SealRecord): number {
  const attempts = stored.flatMap(({ act }) =>
    act !== null && 'attempt' in act && act.seal.id === seal.id ? [act.attempt] : [],
  )
  return Math.max(0, ...attempts)
}

/** By child, how many stewards of the parent signed it or what is behind it, each at most once. */
function weigh(
  oracle: Oracle,
  stored: readonly Commit[],
  committed: readonly SealRecord[],
  parent: string,
): Map<string, number> {
  const childOf = (seal: SealRecord): string | null => {
    if (seal.parent === parent) return seal.id
    const before = committed.find((it) => it.id === seal.parent)
    return before === undefined ? null : childOf(before)
  }
  // A signature further down the line counts as later than any round at the parent.
  const signed = new Map<string, Map<string, number>>()
  for (const commit of stored) {
    const { act } = commit
    if (act?.t !== 'sign' || !oracle.isValid(commit)) continue
    const child = committed.some((it) => it.id === act.seal.id) ? childOf(act.seal) : null
    const steward = stewardOf(oracle.epoch(act.seal.parent), commit.device) as string
    if (child === null || !oracle.epoch(parent).stewards.has(steward)) continue
    const round = act.seal.parent === parent ? act.round : Infinity
    const latest = signed.get(steward) ?? new Map<string, number>()
    signed.set(steward, latest.set(child, Math.max(latest.get(child) ?? 0, round)))
  }
  const weights = new Map<string, number>()
  for (const latest of signed.values()) {
    const highest = Math.max(...latest.values())
    const ends = [...latest].filter(([, round]) => round === highest)
    const [only] = ends
    if (only !== undefined && ends.length === 1) weights.set(only[0], (weights.get(only[0]) ?? 0) + 1)
  }
  return weights
}

/** Who may do what, by everything stored. */
export interface Roster {
  readonly line: readonly string[]
  readonly stewards: Record<string, string>
  /** Members that were admitted and are not removed. */
  readonly members: readonly string[]
  readonly devices: Record<string, DeviceStanding>
}

export interface DeviceStanding {
  readonly member: string
  readonly role: string
  readonly isClosed: boolean
  readonly hasLeft: boolean
  readonly isSuspended: boolean
}

export function rosterOf(oracle: Oracle): Roster {
  const line = chosenLine(oracle)
  const tip = oracle.epoch(line.at(-1) as string)
  const shown = shownOf(oracle, tip)
  const devices: Record<string, DeviceStanding> = {}
  const members = new Set<string>()
  for (const admission of oracle.admissions(shown)) {
    const { device, member } = oracle.admitted(admission)
    if (!oracle.isRemoved(member, tip, shown)) members.add(member)
    devices[device] ??= {
      member,
      role:
        stewardOf(tip, device) === undefined
          ? (tip.roles.get(member) ?? oracle.roleBy(admission, shown))
          : 'steward',
      isClosed: oracle.isClosed(device, tip, shown),
      hasLeft: oracle.hasLeft(device, shown),
      isSuspended: isSuspended(oracle, device, tip, shown),
    }
  }
  return {
    line,
    stewards: Object.fromEntries([...tip.stewards].sort()),
    members: [...members].sort(),
    devices,
  }
}

function isSuspended(oracle: Oracle, device: string, tip: Epoch, shown: ReadonlySet<Commit>): boolean {
  if (oracle.isClosed(device, tip, shown)) return false
  return [...shown].some(
    (it) =>
      it.act?.t === 'suspend' && it.act.device === device && !tip.lifted.has(it.id) && oracle.isValid(it),
  )
}

/** What is good on the line, and what shown commits of other devices rely on. */
function shownOf(oracle: Oracle, tip: Epoch): ReadonlySet<Commit> {
  const shown = new Set([...oracle.commits].filter((it) => oracle.isGood(it, tip, oracle.commits)))
  for (let size = -1; size < shown.size;) {
    size = shown.size
    for (const it of shown)
      for (const relied of oracle.relied(it)) if (relied.device !== it.device) shown.add(relied)
  }
  return shown
}
