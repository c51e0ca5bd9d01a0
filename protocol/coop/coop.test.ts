import { expect, test } from 'vitest'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { decodeGenesis } from '../authority/index.ts'
import { toHex } from '../encoding/index.ts'
import { foundCoop, openReplica } from './coop.ts'
import type { Founding } from './coop.ts'

const crypto = nodeCrypto()
const founding: Founding = {
  name: 'North Market',
  memberName: 'Ada',
  deviceName: 'nas',
  kit: nodeSigner(new Uint8Array(32).fill(1)),
  device: nodeSigner(new Uint8Array(32).fill(2)),
  nonce: new Uint8Array(16).fill(3),
  nowMs: 1_700_000_000_000,
}

test('a founded co-op is named by the hash of its genesis record and has one steward', () => {
  const founded = foundCoop(founding, crypto)
  if (!founded.ok) throw new Error(founded.refusal)
  expect(toHex(founded.coop)).toBe(toHex(crypto.sha256(founded.genesis)))
  expect(decodeGenesis(founded.genesis)).toMatchObject({ name: 'North Market', quorum: 'two-thirds' })
  expect(founded.stored.map(({ order, record }) => [order, record.header.seq])).toEqual([[0, 0]])
  expect([...founded.replica.authority.devices.values()].map((it) => it.role)).toEqual(['steward'])
})

test('a founding commit is all that another replica needs to know the co-op', () => {
  const founded = foundCoop(founding, crypto)
  if (!founded.ok) throw new Error(founded.refusal)
  const replica = openReplica({ coop: founded.coop, crypto, signer: null })
  expect(replica.ingest(founded.stored.map((it) => it.record)).stored.length).toBe(1)
  expect(toHex(replica.authority.stateHash())).toBe(toHex(founded.replica.authority.stateHash()))
})

test('two co-ops of one name are two co-ops, and one does not take the founding of the other', () => {
  const first = foundCoop(founding, crypto)
  const second = foundCoop({ ...founding, nonce: new Uint8Array(16) }, crypto)
  if (!first.ok || !second.ok) throw new Error('not founded')
  expect(toHex(first.coop)).not.toBe(toHex(second.coop))
  const replica = openReplica({ coop: first.coop, crypto, signer: null })
  const result = replica.ingest(second.stored.map((it) => it.record))
  expect(result.refused.map((it) => it.refusal)).toEqual(['other-coop'])
})

test('nothing is founded under a name that people could not tell apart', () => {
  for (const name of ['', ' North', 'a\u202eb', 'x'.repeat(65)])
    expect(foundCoop({ ...founding, name }, crypto)).toMatchObject({ ok: false, refusal: 'genesis' })
  expect(foundCoop({ ...founding, memberName: '' }, crypto).ok).toBe(false)
})
