import type { Change, Genesis, QuorumRule, RecoveryRule, SealRecord } from './world.ts'

/** What the seals of a line say. */
export interface Epoch {
  readonly id: string
  readonly parent: Epoch | null
  readonly record: SealRecord | null
  readonly height: number
  /** Signing device by member. */
  readonly stewards: Map<string, string>
  /** Role by member, where a seal gave one. */
  readonly roles: Map<string, string>
  /** How devices are named that are closed: `closed` or `left`, the last time. */
  readonly closed: Map<string, string>
  /** Id of the epoch that a member was removed with, the last time. */
  readonly removed: Map<string, string>
  readonly slots: { device: string; count: number; seal: string }[]
  readonly lifted: Set<string>
  /** Id of the commit up to which a device's chain is settled. */
  readonly frontier: Map<string, string>
  /** Lowest recorded seq at which a chain parts. */
  readonly forks: Map<string, number>
  readonly decided: Set<string>
  rules: { quorum: QuorumRule; recovery: RecoveryRule }
  floor: number
}

export function foundingEpoch(genesis: Genesis): Epoch {
  return {
    id: genesis.coop,
    parent: null,
    record: null,
    height: 0,
    stewards: new Map([[genesis.member, genesis.device]]),
    roles: new Map(),
    closed: new Map(),
    removed: new Map(),
    slots: [{ device: genesis.device, count: genesis.slots, seal: genesis.coop }],
    lifted: new Set(),
    frontier: new Map(),
    forks: new Map(),
    decided: new Set(),
    rules: { quorum: genesis.quorum, recovery: genesis.recovery },
    floor: 0,
  }
}

/** The epoch after, before any of its changes, and before those who left are closed. */
export function nextEpoch(parent: Epoch, record: SealRecord): Epoch {
  return {
    id: record.id,
    parent,
    record,
    height: parent.height + 1,
    stewards: new Map(parent.stewards),
    roles: new Map(parent.roles),
    closed: new Map(parent.closed),
    removed: new Map(parent.removed),
    slots: [...parent.slots],
    lifted: new Set(parent.lifted),
    frontier: new Map([
      ...parent.frontier,
      ...record.frontier.map(([device, , commit]) => [device, commit] as const),
    ]),
    forks: lowest([...parent.forks, ...record.forks]),
    decided: new Set([...parent.decided, ...(record.decision === null ? [] : [record.decision.proposal])]),
    rules: { ...parent.rules },
    floor: parent.floor,
  }
}

function lowest(rows: readonly (readonly [string, number])[]): Map<string, number> {
  const forks = new Map<string, number>()
  for (const [device, seq] of rows) forks.set(device, Math.min(seq, forks.get(device) ?? Infinity))
  return forks
}

/** Changes the epoch; whether the change fits is for others to ask. */
export function applyChange(epoch: Epoch, change: Change): void {
  const [kind, subject] = change
  if (kind === 'remove') {
    epoch.removed.set(subject, epoch.id)
    epoch.stewards.delete(subject)
  } else if (kind === 'close') epoch.closed.set(subject, 'closed')
  else if (kind === 'steward') {
    epoch.stewards.set(subject, change[2])
  } else if (kind === 'demote') epoch.stewards.delete(subject)
  else if (kind === 'role') epoch.roles.set(subject, change[2])
  else if (kind === 'rules') epoch.rules = { quorum: subject, recovery: change[2] }
  else if (kind === 'slots') epoch.slots.push({ device: subject, count: change[2], seal: epoch.id })
  else if (kind === 'lift') epoch.lifted.add(subject)
  else if (kind === 'settle') epoch.frontier.set(subject, change[3])
  else epoch.floor = subject
}

/** From the founding epoch to this one. */
export function lineOf(epoch: Epoch): Epoch[] {
  return epoch.parent === null ? [epoch] : [...lineOf(epoch.parent), epoch]
}

/** Whether the epoch of this id is the other or before it on its line. */
export function isOnLine(id: string, epoch: Epoch): boolean {
  return lineOf(epoch).some((it) => it.id === id)
}

/** How many of the stewards a decision takes. */
export function quorumOf(count: number, rule: QuorumRule): number {
  return rule === 'majority' ? Math.floor(count / 2) + 1 : Math.floor((2 * count) / 3) + 1
}

/** The steward that the device signs for. */
export function stewardOf(epoch: Epoch, device: string): string | undefined {
  return [...epoch.stewards].find(([, signing]) => signing === device)?.[0]
}
