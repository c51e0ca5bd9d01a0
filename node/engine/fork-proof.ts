import { commitMessage } from '#protocol/commit'
import { fromHex } from '#protocol/encoding'
import { FORK_PROOF_BYTES_MAX, PROOF_PATH_MAX, encodeForkProof } from '#protocol/evidence'
import type { ProofSide } from '#protocol/evidence'
import type { Engine } from './engine.ts'
import type { Suspension } from './suspension.ts'

/**
 * The bytes that prove a suspension to anybody (docs/protocol/evidence.md); null when the disk does not give the
 * commits back, or a relay spoilt the signatures of so long a stretch that the proof would be too large.
 */
export async function forkProof(engine: Engine, suspension: Suspension): Promise<Uint8Array | null> {
  const [a, b] = suspension.commits
  const sides = [await sideFrom(engine, a), await sideFrom(engine, b)] as const
  if (sides[0] === null || sides[1] === null) return null
  const proof = encodeForkProof([sides[0], sides[1]])
  return proof.length > FORK_PROOF_BYTES_MAX ? null : proof
}

/** From a commit along its branch to the first one whose own signature is good: mostly the commit alone. */
async function sideFrom(engine: Engine, id: string): Promise<ProofSide | null> {
  const { history, rule } = engine.replica
  const first = history.find(fromHex(id) ?? new Uint8Array(32))
  if (first < 0) return null
  const headers: Uint8Array[] = []
  const device = history.deviceOf(first)
  // The longest branch through the commit: a good signature ends every branch, at some place behind it.
  const branch = history
    .branchesOf(device)
    .filter((it) => it.at(history.seqOf(first)) === first)
    .reduce((longest, it) => (it.length > longest.length ? it : longest), history.branchOf(first))
  for (let seq = history.seqOf(first); headers.length < PROOF_PATH_MAX; seq += 1) {
    const order = branch.at(seq)
    const [record] = order < 0 ? [] : await engine.read([order])
    if (record === undefined) return null
    headers.push(record.headerBytes.slice())
    if (rule.verify(record.header.device, commitMessage(record.id), record.signature))
      return { headers, signature: record.signature.slice() }
  }
  return null
}
