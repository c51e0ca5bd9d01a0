import { stewardOf } from './epoch.ts'
import type { Epoch } from './epoch.ts'
import { areInTouch, draft, hasQuorumInTouch, tipOf } from './mesh.ts'
import type { Mesh, Node } from './mesh.ts'
import { isSuspended } from './roster.ts'
import { chainOf, forkIn, isOnChain, recordOf } from './world.ts'
import type { Commit, SealRecord } from './world.ts'

/** Units of the mesh's clock: 10 s and 60 s. */
const LEADER_WAIT = 1
const ROUND_TIME = 6

/** Why a keeper writes: with or without a seal a day. */
export interface KeeperSettings {
  sealsBare: boolean
}

/** What the node of a steward writes next in the ballot ("What a host does"), or null. */
export function keep(mesh: Mesh, node: Node, settings: KeeperSettings): Commit | null {
  const { oracle } = mesh
  const tip = tipOf(mesh, node.store)
  if (stewardOf(tip, node.device) === undefined) return null
  const round = oracle.roundOf(chainOf(node.head), tip)
  const supporters = oracle.supporters(node.store, tip).get(round) ?? new Map<string, Set<string>>()
  const own = ballotOf(node, tip, round)
  const attempt = (kind: 'support' | 'sign', seal: SealRecord): Commit | null => {
    const commit = draft(mesh, node, tip, { t: kind, round, seal })
    return oracle.isValid(commit) ? commit : null
  }
  if (own?.t !== 'sign')
    for (const id of [...supporters.keys()].sort()) {
      const signed = attempt('sign', oracle.record(id))
      if (signed !== null) return signed
    }
  if (own === undefined || oracle.rules.supports === 'many') {
    const supported =
      follow(mesh, node, tip, round, attempt) ?? lead(mesh, node, tip, { round, settings }, attempt)
    if (supported !== null) return supported
  }
  return advance(mesh, node, tip, round)
}

/** The record that the node would support if it led; null without a reason for one. */
export function recordFor(
  mesh: Mesh,
  node: Node,
  tip: Epoch,
  round: number,
  sealsBare: boolean,
): SealRecord | null {
  const { oracle } = mesh
  const prepared = oracle.prepared(node.store, tip, round)
  if (prepared !== null && oracle.rules.laterRounds === 'prepared-only') return oracle.record(prepared)
  const probe = draft(mesh, node, tip, null)
  const forks = devicesIn(node.store)
    .map((device) => [device, forkIn(node.store, device)] as const)
    .filter(([device, seq]) => seq < (tip.forks.get(device) ?? Infinity))
  const left = devicesIn(node.store).filter(
    (device) => !tip.closed.has(device) && oracle.hasLeft(device, node.store),
  )
  for (const decision of [...decisions(mesh, node, tip), null])
    for (const leaving of left.length > 0 ? [left, []] : [left]) {
      const frontier = frontierFor(mesh, node, tip, decision?.proposal)
      const isReason =
        decision !== null || leaving.length + forks.length > 0 || (sealsBare && frontier.length > 0)
      const record = recordOf({
        parent: tip.id,
        height: tip.height + 1,
        decision,
        frontier,
        forks,
        left: leaving,
        changes: null,
      })
      if (isReason && oracle.holds(record, probe) === null) return record
    }
  return null
}

/** Decisions that a quorum of wills asks for, by the lower id. */
function decisions(mesh: Mesh, node: Node, tip: Epoch): NonNullable<SealRecord['decision']>[] {
  const { oracle } = mesh
  const proposals = [...node.store].filter((it) => it.act?.t === 'propose' && !tip.decided.has(it.id))
  return proposals
    .map((proposal) => ({
      proposal: proposal.id,
      approvals: [...node.store]
        .filter((it) => oracle.isLastApproval(it, proposal.id, node.store))
        .filter((it, index, all) => {
          const steward = stewardOf(tip, it.device)
          return steward !== undefined && all.findIndex((other) => other.device === it.device) === index
        })
        .map((it) => it.id)
        .sort(),
    }))
    .filter((it) => it.approvals.length >= oracle.quorum(tip))
    .sort((a, b) => (a.proposal < b.proposal ? -1 : 1))
}

/** Of each device that is not suspended the last good commit, where it moves; what the decision settles instead. */
function frontierFor(
  mesh: Mesh,
  node: Node,
  tip: Epoch,
  proposal: string | undefined,
): SealRecord['frontier'] {
  const { oracle } = mesh
  const act = proposal === undefined ? null : oracle.commit(proposal).act
  const settled = new Map(
    (act?.t === 'propose' ? act.changes : []).flatMap((it) => (it[0] === 'settle' ? [[it[1], it[3]]] : [])),
  )
  const known = oracle.knowledge(node.store, tip)
  const rows = devicesIn(node.store).flatMap((device) => {
    const chosen = [...node.store].find((it) => it.id === settled.get(device))
    if (chosen === undefined && isSuspended(oracle, device, tip, node.store)) return []
    const own = [...node.store].filter((it) => it.device === device)
    const before = own.find((it) => it.id === tip.frontier.get(device))
    const ends = own
      .map((it) => oracle.trusted(it, tip, known))
      .filter((it) => it !== null && (before === undefined || (it !== before && isOnChain(before, it))))
      .sort((a, b) => (b as Commit).seq - (a as Commit).seq)
    const end = chosen ?? ends[0] ?? null
    return end === null ? [] : [[device, end.seq, end.id] as const]
  })
  return rows.sort(([a], [b]) => (a < b ? -1 : 1))
}

type Attempt = (kind: 'support' | 'sign', seal: SealRecord) => Commit | null

function follow(mesh: Mesh, node: Node, tip: Epoch, round: number, attempt: Attempt): Commit | null {
  const { oracle } = mesh
  const supporters = oracle.supporters(node.store, tip).get(round) ?? new Map<string, Set<string>>()
  const leader = leaderOf(tip, round)
  const rows = [...supporters].filter(
    ([, by]) => !mesh.followsLeader || by.has(leader) || hasWaited(mesh, node, tip, round),
  )
  const isLed = (by: Set<string>): number => Number(mesh.followsLeader && by.has(leader))
  rows.sort(([a, one], [b, other]) => isLed(other) - isLed(one) || other.size - one.size || (a < b ? -1 : 1))
  for (const [id] of rows) {
    if (supporters.get(id)?.has(stewardOf(tip, node.device) as string)) continue
    const supported = attempt('support', oracle.record(id))
    if (supported !== null) return supported
  }
  return null
}

function lead(
  mesh: Mesh,
  node: Node,
  tip: Epoch,
  { round, settings }: { round: number; settings: KeeperSettings },
  attempt: Attempt,
): Commit | null {
  if (!mesh.oracle.isOpen(round, node.store, tip) || ballotOf(node, tip, round) !== undefined) return null
  const record = recordFor(mesh, node, tip, round, settings.sealsBare)
  if (record === null) return null
  const isLeader = leaderOf(tip, round) === stewardOf(tip, node.device)
  if (!isLeader && !hasWaited(mesh, node, tip, round)) return null
  return attempt('sign', record) ?? attempt('support', record)
}

function advance(mesh: Mesh, node: Node, tip: Epoch, round: number): Commit | null {
  const { oracle } = mesh
  const attempt = (to: number): Commit | null => {
    const commit = draft(mesh, node, tip, { t: 'advance', round: to })
    return oracle.isValid(commit) ? commit : null
  }
  const own = stewardOf(tip, node.device) as string
  const others = [...oracle.advanced(node.store, tip)]
    .filter(([steward]) => steward !== own)
    .map(([, to]) => to)
  const pulling = others.sort((a, b) => b - a)[tip.stewards.size - oracle.quorum(tip)] ?? 0
  for (let to = pulling; to > round; to -= 1) {
    const advanced = attempt(to)
    if (advanced !== null) return advanced
  }
  const isActive = [...node.store].some(
    (it) =>
      it.epoch === tip.id &&
      it.act !== null &&
      'round' in it.act &&
      it.act.round === round &&
      oracle.isValid(it),
  )
  if (!isActive) return null
  if (since(mesh, node, `round ${tip.id} ${round}`) < ROUND_TIME || !hasQuorumInTouch(mesh, node, tip))
    return null
  return attempt(round + 1)
}

/** Time since the node first asked by this name. */
function since(mesh: Mesh, { timers }: Node, name: string): number {
  const start = timers.get(name) ?? mesh.time
  timers.set(name, start)
  return mesh.time - start
}

function hasWaited(mesh: Mesh, node: Node, tip: Epoch, round: number): boolean {
  return since(mesh, node, `lead ${tip.id} ${round}`) >= LEADER_WAIT
}

function leaderOf(tip: Epoch, round: number): string {
  const devices = [...tip.stewards.values()].sort()
  return stewardOf(tip, devices[(tip.height + round) % devices.length] as string) as string
}

function ballotOf(node: Node, tip: Epoch, round: number): { t: string } | undefined {
  for (const { epoch, act } of chainOf(node.head))
    if (epoch === tip.id && (act?.t === 'sign' || act?.t === 'support') && act.round === round) return act
  return undefined
}

function devicesIn(store: Iterable<Commit>): string[] {
  return [...new Set([...store].map((it) => it.device))].sort()
}

/** Live honest nodes that sign for stewards of the epoch and are in touch with each other. */
export function honestStewards(mesh: Mesh, tip: Epoch): Node[] {
  const honest = mesh.nodes.filter(
    (it) => !it.isHostile && !it.isLost && stewardOf(tip, it.device) !== undefined,
  )
  const [first] = honest
  return first === undefined ? [] : honest.filter((it) => areInTouch(mesh, first, it))
}
