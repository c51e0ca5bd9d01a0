import { compareBytes, decodeCanonical, encodeCanonical, isBytes, isCount } from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'
import { encodeChange, readChanges } from './change.ts'
import type { Change } from './change.ts'

/** Stewards of one epoch. A guess: more cannot be kept in touch. */
export const STEWARDS_MAX = 64
/** Changes of one decision. A guess: what people can weigh at once. */
export const CHANGES_MAX = 16
/** Chains that one record moves: with all else that a record may hold they fit `SEAL_BYTES_MAX`. */
export const FRONTIER_MAX = 2_048
/** Forks that one record tells of. A guess: the next record tells of more. */
export const FORKS_MAX = 64
/** Devices that one record closes because they left. A guess: the next record closes more. */
export const LEFT_MAX = 256
/** Bytes of a record: 2,048 rows of 76, 256 of 34, 64 of 41, 64 approvals and 4 KB of changes are 174,000. */
export const SEAL_BYTES_MAX = 196_608

/** Up to where a record settles the chain of a device. */
export interface FrontierRow {
  device: Uint8Array
  seq: number
  commit: Uint8Array
}

/** What a seal says; the SHA-256 of its bytes is its id, and once committed that of the epoch it starts. */
export interface SealRecord {
  coop: Uint8Array
  /** Id of the epoch that it follows. */
  parent: Uint8Array
  height: number
  /** The proposal that it decides, and the commits that approve of it; null for a bare seal. */
  decision: { proposal: Uint8Array; approvals: readonly Uint8Array[] } | null
  /** Only what moves since the parent; ascending by device. */
  frontier: readonly FrontierRow[]
  forks: readonly { device: Uint8Array; seq: number }[]
  left: readonly Uint8Array[]
  /** Null but in a recovery. */
  changes: readonly Change[] | null
}

/** Canonical bytes of a record. */
export function encodeSeal(record: SealRecord): Uint8Array {
  const { decision, changes } = record
  return encodeCanonical([
    1,
    record.coop,
    record.parent,
    record.height,
    decision === null ? null : [decision.proposal, [...decision.approvals]],
    record.frontier.map((it) => [it.device, it.seq, it.commit]),
    record.forks.map((it) => [it.device, it.seq]),
    [...record.left],
    changes === null ? null : changes.map(encodeChange),
  ])
}

/** The record in `bytes`, or null when they are none. Linear in the bytes, never throws. */
export function decodeSeal(bytes: Uint8Array): SealRecord | null {
  if (bytes.length > SEAL_BYTES_MAX) return null
  const decoded = decodeCanonical(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 9) return null
  const [version, coop, parent, height, rawDecision, rawFrontier, rawForks, rawLeft, rawChanges] =
    decoded.value
  if (version !== 1 || !isBytes(coop, 32) || !isBytes(parent, 32) || !isCount(height)) return null
  const decision = rawDecision === null ? null : readDecision(rawDecision)
  const frontier = readRows(rawFrontier, FRONTIER_MAX, readFrontierRow)
  const forks = readRows(rawForks, FORKS_MAX, readFork)
  const left = readRows(rawLeft, LEFT_MAX, (it) => (isBytes(it, 32) ? it : null))
  const changes = rawChanges === null ? null : readChanges(rawChanges, CHANGES_MAX)
  if (decision === undefined || frontier === null || forks === null || left === null) return null
  if (rawChanges !== null && changes === null) return null
  // Two rows of one device have a refusal of their own.
  if (!isAscending(frontier, (a, b) => compareBytes(a.device, b.device) <= 0)) return null
  if (!isAscending(forks, (a, b) => compareBytes(a.device, b.device) < 0)) return null
  if (!isAscending(left, (a, b) => compareBytes(a, b) < 0)) return null
  if (changes !== null && !isRecovery({ decision, frontier, forks, left, changes })) return null
  return { coop, parent, height, decision, frontier, forks, left, changes }
}

/** A recovery makes stewards and says nothing else. */
function isRecovery(record: Omit<SealRecord, 'coop' | 'parent' | 'height'>): boolean {
  const { decision, frontier, forks, left, changes } = record
  const isElse = decision !== null || frontier.length + forks.length + left.length > 0
  return !isElse && (changes ?? []).every(({ kind }) => kind === 'steward' || kind === 'demote')
}

/** Undefined when it is none. */
function readDecision(value: Value | undefined): SealRecord['decision'] | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined
  const [proposal, rawApprovals] = value
  const approvals = readRows(rawApprovals, STEWARDS_MAX, (it) => (isBytes(it, 32) ? it : null))
  if (!isBytes(proposal, 32) || approvals === null) return undefined
  return isAscending(approvals, (a, b) => compareBytes(a, b) < 0) ? { proposal, approvals } : undefined
}

function readFrontierRow(value: Value): FrontierRow | null {
  if (!Array.isArray(value) || value.length !== 3) return null
  const [device, seq, commit] = value
  return isBytes(device, 32) && isCount(seq) && isBytes(commit, 32) ? { device, seq, commit } : null
}

function readFork(value: Value): { device: Uint8Array; seq: number } | null {
  if (!Array.isArray(value) || value.length !== 2) return null
  const [device, seq] = value
  return isBytes(device, 32) && isCount(seq) ? { device, seq } : null
}

function readRows<T>(value: Value | undefined, countMax: number, read: (row: Value) => T | null): T[] | null {
  if (!Array.isArray(value) || value.length > countMax) return null
  const rows: T[] = []
  for (const item of value) {
    const row = read(item)
    if (row === null) return null
    rows.push(row)
  }
  return rows
}

function isAscending<T>(rows: readonly T[], isOrdered: (a: T, b: T) => boolean): boolean {
  return rows.every((row, i) => {
    const before = rows[i - 1]
    return before === undefined || isOrdered(before, row)
  })
}
