import { hash as digest } from 'node:crypto'

/** What a decision can change. Members, devices and commits are named by their ids. */
export type Change =
  | ['remove', string]
  | ['close', string]
  | ['steward', string, string]
  | ['demote', string]
  | ['role', string, string]
  | ['rules', QuorumRule, RecoveryRule]
  | ['slots', string, number]
  | ['lift', string]
  | ['settle', string, number, string]
  | ['floor', number]

export type QuorumRule = 'two-thirds' | 'majority'
export type RecoveryRule = 'member-quorum' | 'kits'

export interface SealRecord {
  readonly id: string
  readonly parent: string
  readonly height: number
  readonly decision: { readonly proposal: string; readonly approvals: readonly string[] } | null
  readonly frontier: readonly (readonly [device: string, seq: number, commit: string])[]
  readonly forks: readonly (readonly [device: string, seq: number])[]
  readonly left: readonly string[]
  /** Not null in a recovery alone. */
  readonly changes: readonly Change[] | null
}

export type Act =
  | { t: 'genesis' }
  | { t: 'invite'; key: string; role: string; uses: number }
  | { t: 'extend'; key: string; uses: number }
  | { t: 'admit'; invite: string; device: string; member: string }
  | { t: 'device'; device: string; member: string }
  | { t: 'leave'; withKit: boolean }
  | { t: 'suspend'; device: string }
  | { t: 'propose'; changes: readonly Change[] }
  | { t: 'approve' | 'decline'; proposal: string }
  | { t: 'support' | 'sign'; round: number; seal: SealRecord }
  | { t: 'advance'; round: number }
  | { t: 'recover'; attempt: number; seal: SealRecord }
  | { t: 'kits'; attempt: number; seal: SealRecord; member: string }

export interface Genesis {
  /** The founding epoch's id. */
  readonly coop: string
  readonly member: string
  readonly device: string
  readonly slots: number
  readonly quorum: QuorumRule
  readonly recovery: RecoveryRule
}

export interface Commit {
  readonly id: string
  readonly device: string
  readonly seq: number
  readonly prev: Commit | null
  readonly seen: readonly Commit[]
  /** Id of the cited seal, or the co-op's. */
  readonly epoch: string
  readonly act: Act | null
}

export type CommitDraft = Pick<Commit, 'device' | 'prev' | 'seen' | 'epoch' | 'act'>

/** A commit with the id that its content gives it. */
export function commitOf(draft: CommitDraft): Commit {
  const { device, prev, seen, epoch, act } = draft
  const seq = prev === null ? 0 : prev.seq + 1
  const id = hash(['commit', device, seq, prev?.id ?? null, seen.map((it) => it.id), epoch, act])
  return { id, device, seq, prev, seen, epoch, act }
}

/** A record with the id that its content gives it. */
export function recordOf(draft: Omit<SealRecord, 'id'>): SealRecord {
  return { ...draft, id: hash(['seal', draft]) }
}

/** The commit and all before it on its chain, the newest first. */
export function chainOf(commit: Commit | null): Commit[] {
  const chain: Commit[] = []
  for (let at = commit; at !== null; at = at.prev) chain.push(at)
  return chain
}

/** Whether the commit is the other or before it on its chain. */
export function isOnChain(earlier: Commit, later: Commit | null): boolean {
  let at = later
  while (at !== null && at.seq > earlier.seq) at = at.prev
  return at === earlier
}

/** Everything that can be reached from these over `prev` and `seen`, themselves included. */
export function pastOf(heads: Iterable<Commit | null>): Set<Commit> {
  const past = new Set<Commit>()
  const open = [...heads]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === null || past.has(at)) continue
    past.add(at)
    open.push(at.prev, ...at.seen)
  }
  return past
}

/** Lowest seq at which these commits hold two of the device, or Infinity. */
export function forkIn(commits: Iterable<Commit>, device: string): number {
  const bySeq = new Map<number, Commit>()
  let lowest = Infinity
  for (const commit of commits) {
    if (commit.device !== device) continue
    if (bySeq.has(commit.seq)) lowest = Math.min(lowest, commit.seq)
    bySeq.set(commit.seq, commit)
  }
  return lowest
}

function hash(value: unknown): string {
  return digest('sha256', JSON.stringify(value)).slice(0, 16)
}
