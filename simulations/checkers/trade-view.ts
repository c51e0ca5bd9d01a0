import type { CommitRecord } from '#protocol/commit'
import { COOP_KINDS } from '#protocol/coop'
import { DocumentRegistry } from '#protocol/document'
import { toHex } from '#protocol/encoding'
import type { Act, Evaluation } from '#protocol/evaluation'
import type { Sha256 } from '#protocol/identity'
import type { Replica } from '#protocol/replica'
import type { SimNode } from '../peers/index.ts'
import type { CheckedWorld } from './checker.ts'

/** Interesting states of a world that trades; counted like those of nodes. */
export const TRADE_STATES = [
  'unit-defined',
  'sold',
  'sale-refused',
  'refused-though-elsewhere',
  'shop-closed',
  'rights-asked',
  'rights-granted',
  'rights-accepted',
  'relay-limited',
  'spent-twice',
  'deficit-booked',
  'sold-late',
  'accepted-late',
  'rights-replaced',
  'written-back',
  'double-found',
  'gate-lost',
  'tended',
] as const
/** One of them. */
export type TradeState = (typeof TRADE_STATES)[number]

/** A unit that is sold. */
export interface TradedUnit {
  /** Its id. */
  readonly unit: string
  readonly supply: bigint
  readonly relayMax: bigint | null
}

/** An event with gates. */
export interface DoorView {
  /** Its document. */
  readonly event: string
  /** Unit of the room that its hall has; null for no zone. */
  readonly room: TradedUnit | null
}

/** What checkers know of the trade of a world. */
export interface TradeView {
  readonly units: readonly TradedUnit[]
  /** Keys (hex) of the devices of cheats. */
  readonly cheats: ReadonlySet<string>
  readonly sha256: Sha256
  /** By the name of a transfer: the commit (hex) that a device which follows the protocol accepted it with, as checkers found it. */
  readonly accepted: Map<string, string>
  /** The event whose tickets are shown; null where goods are sold. */
  readonly doors: DoorView | null
  reached(state: TradeState): void
}

const registry = new DocumentRegistry(COOP_KINDS)
const read = new WeakMap<CommitRecord, readonly Act[]>()

/** What a commit does for the books, from its bytes. */
export function actsIn(record: CommitRecord, sha256: Sha256): readonly Act[] {
  const known = read.get(record)
  if (known !== undefined) return known
  const acts = registry.actsOf(record, sha256)
  read.set(record, acts)
  return acts
}

/** A commit of a log that does something for the books. */
export interface BookedCommit {
  readonly order: number
  readonly record: CommitRecord
  /** Key of its author, hex. */
  readonly device: string
  readonly acts: readonly Act[]
}

const kept = new WeakMap<Replica, { length: number; commits: BookedCommit[] }>()

/** Commits of a node that do something for the books, by order; null while its books lag, or parts of its disk cannot be read. */
export function bookedCommits(
  { replica, disk }: SimNode,
  { sha256 }: TradeView,
): readonly BookedCommit[] | null {
  if (replica === null || disk.damaged.size > 0) return null
  const { history, epochs } = replica
  if (epochs.length < history.length || disk.length < history.length) return null
  const known = kept.get(replica) ?? { length: 0, commits: [] }
  kept.set(replica, known)
  for (; known.length < history.length; known.length += 1) {
    const record = disk.at(known.length)?.record
    if (record === undefined) return null
    const acts = actsIn(record, sha256)
    if (acts.length > 0)
      known.commits.push({ order: known.length, record, device: toHex(record.header.device), acts })
  }
  return known.commits
}

/** Devices that follow the protocol, of which no copy or older image ever ran, and that wrote one history. */
export function honestDevices({ nodes, books }: CheckedWorld): Set<string> {
  const forked = books.forkedDevices()
  const whole = nodes.filter((node) => !node.isRestored && !forked.has(node.device))
  return new Set(whole.map((node) => node.device))
}

/** The books of a node; null while they lag. */
export function booksOf({ replica }: SimNode): Evaluation | null {
  return replica === null || replica.epochs.length < replica.history.length ? null : replica.epochs.evaluation
}
