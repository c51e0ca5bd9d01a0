import { decodeRecord, signCommit } from '#protocol/commit'
import type { CommitRecord, Header, Section } from '#protocol/commit'
import { readEntries } from '#protocol/document'
import type { Signer } from '#protocol/identity'
import type { Replica } from '#protocol/replica'
import { nodeCrypto } from '#node/crypto'
import type { MemoryNode } from '#simulations/mesh'

const { sha256 } = nodeCrypto()
/** Commits that one call returns: few, so that readers have to come back. */
const READ_MAX = 3

/** The log of a node in memory as a source of commits, whose records a test may damage. */
export class MemorySource {
  readonly replica: Replica
  readonly records: CommitRecord[]
  /** Places of the log that are not on the disk until somebody waits for it. */
  readonly late: Set<number> = new Set()

  constructor(node: MemoryNode) {
    this.replica = node.replica
    this.records = recordsOf(node)
  }

  async read(orders: readonly number[]): Promise<CommitRecord[]> {
    const found: CommitRecord[] = []
    for (const order of orders.slice(0, READ_MAX)) {
      const record = this.records[order]
      if (record === undefined || this.late.has(order)) break
      found.push(record)
    }
    return found
  }

  async durable(): Promise<void> {
    this.late.clear()
  }

  /** The record at a place of the log. */
  at(order: number): CommitRecord {
    const record = this.records[order]
    if (record === undefined) throw new Error(`no commit ${order}`)
    return record
  }

  /** Gives a commit another signature, as a relay may. */
  spoil(order: number): void {
    this.records[order] = { ...this.at(order), signature: new Uint8Array(64).fill(7) }
  }

  /** The founding record, as the founding commit carries it. */
  get genesis(): Uint8Array {
    const record = readEntries(this.at(0).payloads[0] ?? new Uint8Array(), 1)?.[0]?.['record']
    if (record instanceof Uint8Array) return record
    throw new Error('no founding commit')
  }
}

/** The commits of a node in memory, in the order of its log. */
export function recordsOf(node: MemoryNode): CommitRecord[] {
  return node.log.map((bytes) => {
    const decoded = decodeRecord(bytes, sha256)
    if (!decoded.ok) throw new Error(decoded.refusal)
    return decoded.record
  })
}

/** Gives commits to a node as a peer does; throws when it refuses one. */
export function give(node: MemoryNode, records: readonly CommitRecord[]): void {
  const { stored, refused } = node.replica.ingest(records)
  if (refused.length > 0) throw new Error(refused.map((it) => it.refusal).join())
  node.write(stored)
}

/** A commit that a device signs behind `last` as it likes, whatever its own replica thinks of that. */
export function signedBehind(
  last: CommitRecord | null,
  signer: Signer,
  draft: Partial<Header> & Pick<Header, 'coop'>,
  sections: readonly Section[] = [],
): CommitRecord {
  const [seq, prev] = last === null ? [0, null] : [last.header.seq + 1, last.id]
  const fields = { device: signer.publicKey, seq, prev, epoch: draft.coop, seen: [], timeMs: 5, ...draft }
  return signCommit(fields, sections, { signer, sha256 })
}
