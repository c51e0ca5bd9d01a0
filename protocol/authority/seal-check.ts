import { equalBytes, toHex } from '../encoding/index.ts'
import type { Act, SealRefusal } from './act.ts'
import type { Decisions } from './decisions.ts'
import type { Departures } from './departures.ts'
import type { EpochTree, HeldSeal } from './epochs.ts'
import { outcomeOf } from './outcome.ts'
import type { Decision } from './outcome.ts'
import type { Roster } from './roster.ts'
import type { SealRecord } from './seal-record.ts'

/** What records are judged by. */
export interface SealCheckParts {
  coop: Uint8Array
  tree: EpochTree
  roster: Roster
  decisions: Decisions
  departures: Departures
}

/** A record that holds for the commit of an act, or why it does not. Nothing but the act's past is asked. */
export function holdSeal(
  seal: { id: Uint8Array; record: SealRecord },
  act: Act,
  parts: SealCheckParts,
): HeldSeal | SealRefusal {
  const { id, record } = seal
  const { cited } = act
  if (record.changes !== null) return 'record'
  const refusal = placeRefusal(record, act, parts.coop)
  if (refusal !== null) return refusal
  const settled = settledBy(record, act, parts.decisions)
  const frontier = findFrontier(record, act, { tree: parts.tree, settled })
  if (typeof frontier === 'string') return frontier
  const forks = record.forks.map((it) => ({ device: toHex(it.device), seq: it.seq }))
  if (forks.some((it) => act.forkSeq(it.device) > it.seq)) return 'fork-unproven'
  const left = record.left.map(toHex)
  if (!left.every((it) => parts.departures.isKnown(it, (order) => act.knows(order)))) return 'not-left'
  const decision = record.decision === null ? NOTHING : findDecision(record.decision, act, parts)
  if (typeof decision === 'string') return decision
  const { proposal, changes, basis } = decision
  const outcome = outcomeOf({ changes, basis, left, frontier: record.frontier }, cited, parts)
  if (outcome === null) return 'decision-unfit'
  return { id, parent: cited, isRecovery: false, proposal, frontier, forks, left, outcome }
}

/** Why a record does not follow the epoch that the act's commit cites; null when it does. */
export function placeRefusal(record: SealRecord, act: Act, coop: Uint8Array): SealRefusal | null {
  if (!equalBytes(record.coop, coop)) return 'record'
  if (!equalBytes(record.parent, act.cited.id)) return 'parent'
  return record.height === act.cited.height + 1 ? null : 'height'
}

/** Commits (hex) that the decision settles whatever else is known of them: none by a proposal that the act does not know. */
function settledBy({ decision }: SealRecord, act: Act, decisions: Decisions): ReadonlySet<string> {
  const proposal = decision === null ? null : decisions.find(toHex(decision.proposal))
  const changes = proposal !== null && act.knows(proposal.order) ? proposal.changes : []
  return new Set(changes.flatMap((it) => (it.kind === 'settle' ? [toHex(it.commit)] : [])))
}

function findFrontier(
  { frontier }: SealRecord,
  act: Act,
  { tree, settled }: { tree: EpochTree; settled: ReadonlySet<string> },
): HeldSeal['frontier'] | SealRefusal {
  const found: { device: string; order: number }[] = []
  for (const { device, seq, commit } of frontier) {
    const name = toHex(device)
    const order = act.find(commit)
    if (order < 0 || !act.knows(order)) return 'frontier-unknown'
    const place = act.placeOf(order)
    if (place.device !== name || place.seq !== seq) return 'frontier-unknown'
    const before = tree.frontiers.at(name, act.cited)
    if (before !== undefined && !act.isAtOrAfter(order, before)) return 'frontier-off-branch'
    if (found.at(-1)?.device === name) return 'frontier-twice'
    if (!act.isGood(order) && !settled.has(toHex(commit))) return 'frontier-doubtful'
    found.push({ device: name, order })
  }
  return found
}

/** The proposal that a record decides, if it may. */
function findDecision(
  { proposal, approvals }: NonNullable<SealRecord['decision']>,
  act: Act,
  { decisions, tree }: SealCheckParts,
): (Pick<Decision, 'changes' | 'basis'> & { proposal: string }) | SealRefusal {
  const name = toHex(proposal)
  const stewards = new Set<string>()
  for (const approval of approvals) {
    const steward = decisions.approverAt(approval, name, act)
    if (steward === null || stewards.has(steward)) return 'approval'
    stewards.add(steward)
  }
  if (stewards.size < act.cited.quorum) return 'no-quorum'
  const found = decisions.find(name)
  if (found === null || tree.decided.has(name, act.cited)) return 'decision-unfit'
  return { proposal: name, changes: found.changes, basis: found.basis }
}

const NOTHING: { proposal: null; changes: []; basis: [] } = { proposal: null, changes: [], basis: [] }
