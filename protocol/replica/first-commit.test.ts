import { expect, test } from 'vitest'
import { SEEN_MAX, decodeRecord } from '#protocol/commit'
import type { MemoryNode } from '#simulations/mesh'
import { encodeSeal } from '../authority/index.ts'
import { listSection, must, testCoop } from '../../test/actors/coop-actors.ts'
import { Stewards, act, connectAll, deviceOf, memberOf } from '../../test/actors/stewards.ts'

test('a device that joins among more heads than a commit holds still acknowledges its own admission first', () => {
  const { founder, admit, crypto } = testCoop(5)
  const give = (from: MemoryNode, to: MemoryNode): void => {
    const records = from.log.map((bytes) => must(decodeRecord(bytes, crypto.sha256)).record)
    to.write(to.replica.ingest(records).stored)
  }
  const others = Array.from({ length: SEEN_MAX + 2 }, () => {
    const other = admit('venue')
    give(founder, other)
    return other
  })
  const newcomer = admit('member')
  // Written apart, so that no head covers another or knows of the newcomer; they reach the founder afterwards.
  for (const [i, other] of others.entries()) must(other.author([listSection(`file ${i}`, crypto.sha256)]))
  for (const other of others) give(other, founder)
  give(founder, newcomer)
  must(newcomer.author([listSection('mine', crypto.sha256)]))
  give(newcomer, founder)
  for (const { replica } of [newcomer, founder]) {
    expect(replica.documents.countsOf('catalogue')).toEqual({ commits: others.length + 1, refused: 0 })
  }
})

test('a voice for a recovery as first commit of a device does not change who may speak', () => {
  const { founder, admit, mesh, coop } = testCoop(6)
  const members = Array.from({ length: 4 }, () => admit('member'))
  const nodes = [founder, ...members]
  connectAll(mesh, nodes)
  mesh.settle()
  const stewards = new Stewards(mesh)
  // Settles the admissions: five electors, of whom four must agree.
  const device = Buffer.from(deviceOf(founder), 'hex')
  const slots = { kind: 'slots', device, count: 1 } as const
  stewards.decide([slots], { by: founder, wills: [founder], nodes: [founder] })
  const { tip } = founder.replica.authority.epochs
  const changes = [
    { kind: 'steward', member: memberOf(members[0] ?? founder), device: deviceKey(members[0]) } as const,
  ]
  const place = { coop, parent: tip.id, height: tip.height + 1, decision: null, changes }
  const seal = encodeSeal({ ...place, frontier: [], forks: [], left: [] })
  for (const who of [members[0] ?? founder, founder]) {
    act(who, { t: 'recover', attempt: 0, seal })
    mesh.settle()
  }
  for (const { replica } of nodes) expect(replica.authority.epochs.tip.name).toBe(tip.name)
  for (const who of members.slice(1, 3)) act(who, { t: 'recover', attempt: 0, seal })
  mesh.settle()
  for (const { replica } of nodes) expect(replica.authority.epochs.tip.stewards.size).toBe(2)
})

function deviceKey(node: MemoryNode | undefined): Uint8Array {
  return Buffer.from(node?.replica.device ?? '', 'hex')
}
