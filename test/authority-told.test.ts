import { expect, test } from 'vitest'
import { openReplica } from '#protocol/coop'
import type { Replica } from '#protocol/replica'
import { REAL_KEYS, crypto } from './authority/keys.ts'
import { RealWorld } from './authority/real-world.ts'
import { AS_WRITTEN } from './authority/rules.ts'
import { BASES } from './vectors/authority-cases.ts'

/** Leaves of a steward's chain: more than peers are told of. */
const LEAVES = 24

function open(world: RealWorld, device: string): Replica {
  const signer = REAL_KEYS.named(`device ${device}`)
  return openReplica({ coop: world.coop, crypto, rule: REAL_KEYS.rule, signer })
}

/** Gives all that a replica tells of. */
function tell(
  from: Replica,
  world: RealWorld,
  to: Replica,
  more: Parameters<Replica['ingest']>[0] = [],
): void {
  const records = [...world.records.values(), ...more].filter((it) => {
    const order = from.history.find(it.id)
    return order >= 0 && from.forkEnds.isTold(order)
  })
  to.ingest(records)
}

test('a signature on a branch that peers are not told of counts for all once somebody who has it writes', () => {
  const story = BASES['four stewards, two members']()
  const seal = story.record({ frontier: story.frontier(['d4']) })
  for (const it of ['d0', 'd1', 'd2']) story.do(it, { t: 'support', round: 0, seal })
  for (const it of ['d0', 'd2']) story.do(it, { t: 'sign', round: 0, seal })
  const prev = story.lastOf('d1')
  const last = story.lastOf('d2')
  for (let n = 1; n < LEAVES; n += 1)
    story.do('d1', { t: 'propose', changes: [['floor', n]] }, { prev, seen: [] })
  const sign = story.do('d1', { t: 'sign', round: 0, seal }, { prev, seen: last === null ? [] : [last] })
  expect(story.tip.id).toBe(seal.id)
  const world = new RealWorld(story.genesis, story.commits, AS_WRITTEN, REAL_KEYS)
  const [holder, other] = [open(world, 'd4'), open(world, 'd5')]
  holder.ingest([...world.records.values()])
  const at = [...world.records.values()].at(-1)
  expect(story.commits.at(-1)).toBe(sign)
  const order = holder.history.find(at?.id ?? new Uint8Array(32))
  expect(holder.forkEnds.isTold(order)).toBe(false)
  tell(holder, world, other)
  expect([holder, other].map((it) => it.authority.epochs.tip.height)).toEqual([2, 1])

  const written = holder.author([], 0)
  if (!written.ok) throw new Error(written.refusal)
  expect(holder.forkEnds.isTold(order)).toBe(true)
  tell(holder, world, other, [written.commit])
  expect(other.authority.epochs.tip.height).toBe(2)
})
