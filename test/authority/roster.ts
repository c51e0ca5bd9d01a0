import { stewardOf } from './epoch.ts'
import type { Epoch } from './epoch.ts'
import type { Oracle } from './oracle.ts'
import { isOnChain } from './world.ts'
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
    order.push(oracle.attemptOf(b, stored) - oracle.attemptOf(a, stored))
  } else order.push(recovery(a) * childless(a) - recovery(b) * childless(b))
  order.push(weight(b) - weight(a), removed(b) - removed(a), a.id < b.id ? -1 : 1)
  return order.find((it) => it !== 0) ?? 0
}

/** By child, how many stewards of the parent signed it or what is behind it. */
function weigh(
  oracle: Oracle,
  stored: readonly Commit[],
  committed: readonly SealRecord[],
  parent: string,
): Map<string, number> {
  const childOf = (id: string): string | null => {
    const seal = committed.find((it) => it.id === id)
    if (seal === undefined) return null
    return seal.parent === parent ? seal.id : childOf(seal.parent)
  }
  const signatures = stored.flatMap((commit) =>
    commit.act?.t === 'sign' && oracle.isValid(commit) ? [{ commit, ...commit.act }] : [],
  )
  const weights = new Map<string, number>()
  for (const [steward, device] of oracle.epoch(parent).stewards) {
    const there = signatures.filter((it) => it.seal.parent === parent && it.commit.device === device)
    const isDouble = there.some((one) =>
      there.some(
        (other) =>
          one.seal.id !== other.seal.id &&
          !isOnChain(one.commit, other.commit) &&
          !isOnChain(other.commit, one.commit),
      ),
    )
    if (isDouble) continue
    const ofChildren = there.filter((it) => childOf(it.seal.id) !== null)
    const latest = Math.max(...ofChildren.map((it) => it.round))
    const isUndecided = new Set(ofChildren.map((it) => it.seal.id)).size < 2
    const counted = isUndecided
      ? signatures.filter((it) => stewardOf(oracle.epoch(it.seal.parent), it.commit.device) === steward)
      : ofChildren.filter((it) => it.round === latest)
    const children = new Set(counted.map((it) => childOf(it.seal.id)))
    for (const child of children) if (child !== null) weights.set(child, (weights.get(child) ?? 0) + 1)
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
  readonly status: string
}

export function rosterOf(oracle: Oracle): Roster {
  const line = chosenLine(oracle)
  const tip = oracle.epoch(line.at(-1) as string)
  const shown = shownOf(oracle, tip)
  const devices: Record<string, DeviceStanding> = {}
  const members = new Set<string>()
  for (const admission of oracle.admissions(shown)) {
    const { device, member } = oracle.admitted(admission)
    if (!oracle.isVoid(admission, tip)) members.add(member)
    devices[device] ??= {
      member,
      role: oracle.roleAt({ device, member, role: oracle.roleBy(admission) }, tip),
      status: statusOf(oracle, device, tip, shown),
    }
  }
  return {
    line,
    stewards: Object.fromEntries([...tip.stewards].sort()),
    members: [...members].sort(),
    devices,
  }
}

/** Of what is stored: void admissions close. Of what is shown: leaves and suspensions. */
function statusOf(oracle: Oracle, device: string, tip: Epoch, shown: ReadonlySet<Commit>): string {
  const said = tip.closed.get(device)
  if (said !== undefined) return said
  if (oracle.hasLeft(device, shown)) return 'left'
  if (oracle.isClosed(device, tip, oracle.admissions(oracle.commits, device))) return 'closed'
  return isSuspended(oracle, device, tip, shown) ? 'suspended' : 'active'
}

/** Whether one of the first four suspensions of a device in an epoch is of this one and not lifted. */
export function isSuspended(oracle: Oracle, device: string, tip: Epoch, shown: ReadonlySet<Commit>): boolean {
  const all = [...shown].filter((it) => it.act?.t === 'suspend' && oracle.isValid(it))
  return all.some((it) => {
    if (it.act?.t !== 'suspend' || it.act.device !== device || tip.lifted.has(it.id)) return false
    const before = all.filter(
      (other) =>
        other.device === it.device &&
        other.epoch === it.epoch &&
        (other.seq < it.seq || (other.seq === it.seq && other.id < it.id)),
    )
    return before.length < 4
  })
}

/** What is good on the line, and what shown commits of other devices rely on. */
function shownOf(oracle: Oracle, tip: Epoch): ReadonlySet<Commit> {
  const seals = oracle.committed(oracle.commits).keys()
  const known = oracle.knowledge(oracle.commits, tip, seals)
  const shown = new Set([...oracle.commits].filter((it) => oracle.isGood(it, tip, known)))
  const followed = new Set([...shown].map((it) => it.prev))
  // A set gives out what is added to it meanwhile. Who follows on the chain relies on the same and more.
  for (const it of shown)
    if (!followed.has(it))
      for (const relied of oracle.relied(it)) if (relied.device !== it.device) shown.add(relied)
  return shown
}
