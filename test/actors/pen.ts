import { decodeRecord, encodeRecord } from '#protocol/commit'
import type { CommitRecord, Header } from '#protocol/commit'
import { openReplica } from '#protocol/coop'
import type { Signer } from '#protocol/identity'
import type { CommitRefusal, IntakeResult, Replica } from '#protocol/replica'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { Pen as PlainPen } from '#simulations/adversaries'
import type { MemoryNode } from '#simulations/mesh'
import { testCoop } from './coop-actors.ts'
import type { TestCoop } from './coop-actors.ts'

const crypto = nodeCrypto()
const { sha256 } = crypto

/** A pen with the cryptography of a node. */
export class Pen extends PlainPen {
  constructor(coop: Uint8Array, signer: Signer) {
    super(coop, signer, sha256)
  }
}

/** A co-op with a founder and an admitted device that is a pen; its first commit acknowledges its admission. */
export function coopWithPen(seed: number): TestCoop & { pen: Pen; all: CommitRecord[] } {
  const made = testCoop(seed)
  const pen = new Pen(made.coop, made.admit('venue').signer)
  const all = recordsOf(made.founder)
  pen.write({ seen: [headOf(all)] })
  return { ...made, pen, all }
}

/** What a node has stored, in the order of its log. */
export function recordsOf(node: MemoryNode): CommitRecord[] {
  return node.log.map(decoded)
}

/** A replica without a key. */
export function reader(coop: Uint8Array, records: readonly CommitRecord[] = []): Replica {
  const replica = openReplica({ coop, crypto, signer: null })
  replica.ingest(records)
  return replica
}

/** One commit as another acknowledges it; the last by default. */
export function headOf(list: readonly CommitRecord[], at = -1): Header['seen'][number] {
  const record = list.at(at)
  if (record === undefined) throw new Error('no commit')
  return { device: record.header.device, seq: record.header.seq, id: record.id }
}

/** Decodes a record that must be one. */
export function decoded(bytes: Uint8Array): CommitRecord {
  const result = decodeRecord(bytes, sha256)
  if (!result.ok) throw new Error(result.refusal)
  return result.record
}

/** The same commit with another signature. */
export function withSignature(record: CommitRecord, signature: Uint8Array): CommitRecord {
  return decoded(encodeRecord(record.headerBytes, signature, record.payloads))
}

/** The same commit with a signature that is well-formed and wrong. */
export function unsigned(record: CommitRecord): CommitRecord {
  return withSignature(record, nodeSigner(new Uint8Array(32).fill(1)).sign(record.id))
}

/** Names of what a batch was refused for, in order. */
export function refusals(result: IntakeResult): CommitRefusal[] {
  return result.refused.map((it) => it.refusal)
}
