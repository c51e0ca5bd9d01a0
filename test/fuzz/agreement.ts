import type { CommitRecord } from '#protocol/commit'
import { openReplica } from '#protocol/coop'
import { toHex } from '#protocol/encoding'
import type { Crypto, Sha256 } from '#protocol/identity'
import type { Replica } from '#protocol/replica'
import { settleDocuments } from '#simulations/mesh'
import type { SeededRandom } from '#simulations/mesh'
import { stateHashes } from '../actors/coop-actors.ts'
import { FuzzFailure } from './watch.ts'

/** Rounds of random parts before the rest is given in order. */
const SHUFFLED_ROUNDS = 40

/** Fails unless other replicas that take the same commits in other orders, and in batches of their own, hold the same. */
export function expectAgreement(
  victim: Replica,
  records: readonly CommitRecord[],
  tools: {
    coop: Uint8Array
    crypto: Crypto
    random: SeededRandom
    seed: number
  },
): void {
  const { coop, crypto, random, seed } = tools
  settle(victim, records, crypto.sha256)
  const expected = JSON.stringify([toHex(victim.heads.root()), stateHashes(victim)])
  for (let other = 0; other < 2; other += 1) {
    const replica = openReplica({ coop, crypto, signer: null, seed: random.below(2 ** 31) })
    let left = [...records]
    for (let round = 0; left.length > 0; round += 1) {
      if (round > SHUFFLED_ROUNDS + 2) {
        const why = replica.ingest(left).refused.map((it) => `${it.refusal} at seq ${it.record.header.seq}`)
        throw new FuzzFailure(`seed ${seed}: ${left.length} commits do not come in: ${why.join(', ')}`)
      }
      // Any order: what comes before its chain is offered again. The rest at last in the order of the first replica.
      const isInOrder = round > SHUFFLED_ROUNDS || (other === 0 && round === 0)
      const batch = isInOrder ? left : shuffled(left, random).slice(0, 1 + random.below(left.length))
      const { refused } = replica.ingest(batch)
      const cured = new Set(refused.map((it) => it.record))
      const sent = new Set(batch)
      left = left.filter((it) => !sent.has(it) || cured.has(it))
    }
    settle(replica, records, crypto.sha256)
    const found = JSON.stringify([toHex(replica.heads.root()), stateHashes(replica)])
    if (found !== expected) throw new FuzzFailure(`seed ${seed}: replicas differ\n${expected}\n${found}`)
  }
}

function settle(replica: Replica, records: readonly CommitRecord[], sha256: Sha256): void {
  const bytes = new Map(records.map((it) => [replica.history.find(it.id), it.bytes]))
  settleDocuments(replica, (order) => bytes.get(order) ?? new Uint8Array(), sha256)
}

function shuffled<T>(items: readonly T[], random: SeededRandom): T[] {
  const list = [...items]
  for (let i = list.length - 1; i > 0; i -= 1) {
    const j = random.below(i + 1)
    ;[list[i], list[j]] = [list[j] as T, list[i] as T]
  }
  return list
}
