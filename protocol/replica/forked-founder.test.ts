import { expect, test } from 'vitest'
import { admitSection, inviteSection, testCoop } from '../../test/actors/coop-actors.ts'
import { Pen, headOf, reader, recordsOf } from '../../test/actors/pen.ts'
import { nodeSigner } from '#node/crypto'
import type { CommitRecord } from '../commit/index.ts'
import { toHex } from '../encoding/index.ts'
import type { Signer } from '../identity/index.ts'
import type { Replica } from './replica.ts'

/** A founder whose chain parts behind the founding commit; on each branch it admits one device. */
function forkedFounder(seed: number) {
  const tools = testCoop(seed)
  const { coop, crypto, random, founder, founderSigner } = tools
  const pen = new Pen(coop, founderSigner)
  pen.written.push(...recordsOf(founder))
  const branch = (timeMs: number): { signer: Signer; commits: CommitRecord[]; first: Pen } => {
    const signer = nodeSigner(random.bytes(32))
    const secret = random.bytes(16)
    const commits = [
      pen.write({ timeMs }, [inviteSection(secret, 'venue', crypto, 64)]),
      pen.write({ timeMs }, [admitSection(coop, signer, { crypto, random, secret })]),
    ]
    // All slots are promised, on each branch again.
    for (let i = 0; i < 3; i += 1)
      commits.push(pen.write({ timeMs }, [inviteSection(random.bytes(16), 'venue', crypto, 64)]))
    commits.push(pen.write({ timeMs }, [inviteSection(random.bytes(16), 'venue', crypto, 1)]))
    pen.forget(commits.length)
    return { signer, commits, first: new Pen(coop, signer) }
  }
  const [left, right] = [branch(1), branch(2)]
  for (const { first, commits } of [left, right]) first.write({ seen: [headOf(commits, 1)] })
  return { ...tools, base: recordsOf(founder), left, right }
}

const roster = (replica: Replica): string[] => [...replica.authority.devices.keys()].sort()

test('devices that a forked founder admitted on either branch stay once they rely on it, on every replica', () => {
  const { coop, base, left, right, founderSigner } = forkedFounder(1)
  const [a, b] = [...left.first.written, ...right.first.written] as [CommitRecord, CommitRecord]
  const everybody = [founderSigner, left.signer, right.signer].map((it) => toHex(it.publicKey)).sort()
  const orders = [
    [...base, ...left.commits, ...right.commits, a, b],
    [...base, ...right.commits, b, ...left.commits, a],
    [...base, ...left.commits.slice(0, 3), a, ...right.commits, ...left.commits.slice(3), b],
  ]
  const hashes = orders.map((order) => {
    const replica = reader(coop)
    for (const record of order) expect(replica.ingest([record]).refused).toEqual([])
    expect(roster(replica)).toEqual(everybody)
    // On each branch the last invite is one too many, whatever the other branch promised.
    expect(replica.documents.countsOf('authority').refused).toBe(2)
    return toHex(replica.authority.stateHash())
  })
  expect(new Set(hashes).size).toBe(1)
})

test('who is admitted on a contested branch is not on the roster before anybody relies on it, and then is', () => {
  const { coop, base, left, right, founderSigner } = forkedFounder(2)
  const founder = toHex(founderSigner.publicKey)
  const replica = reader(coop, [...base, ...left.commits])
  expect(roster(replica)).toEqual([founder, toHex(left.signer.publicKey)].sort())
  const before = replica.authority.revision
  replica.ingest(right.commits)
  expect(replica.authority.revision).toBeGreaterThan(before)
  expect(roster(replica)).toEqual([founder])
  expect(replica.ingest(left.first.written).refused).toEqual([])
  expect(roster(replica)).toEqual([founder, toHex(left.signer.publicKey)].sort())
})

test('a founder that signs its founding commit twice founds one co-op', () => {
  const { coop, founder, founderSigner } = testCoop(3)
  const [genesis] = recordsOf(founder) as [CommitRecord]
  const section = { document: 'authority', entries: 1, payload: genesis.payloads[0] ?? new Uint8Array() }
  const other = new Pen(coop, founderSigner).write({ timeMs: genesis.header.timeMs + 1 }, [section])
  const orders = [
    [genesis, other],
    [other, genesis],
  ]
  const [a, b] = orders.map((order) => {
    const replica = reader(coop)
    for (const record of order) expect(replica.ingest([record]).refused).toEqual([])
    return toHex(replica.authority.stateHash())
  })
  expect(a).toBe(b)
})
