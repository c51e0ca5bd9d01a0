import { expect, test } from 'vitest'
import { encodeSeal } from '#protocol/authority'
import { CATALOGUE } from '#protocol/catalogue'
import { openReplica } from '#protocol/coop'
import { toHex } from '#protocol/encoding'
import type { Replica } from '#protocol/replica'
import { nodeCrypto } from '#node/crypto'
import { settleDocuments } from '#simulations/mesh'
import type { MemoryNode } from '#simulations/mesh'
import { stateHashes, testCoop } from './actors/coop-actors.ts'
import type { TestCoop } from './actors/coop-actors.ts'
import { coopWithPen, headOf, reader, recordsOf } from './actors/pen.ts'
import { expectAgreement, keyOf, list, namesIn, stageOf, tipOf } from './actors/stage.ts'
import { Stewards, act, connectAll, deviceOf, memberOf } from './actors/stewards.ts'

const { sha256 } = nodeCrypto()

/** What a node has stored, opened again from the rows of an index; the documents are folded then. */
function reopened(node: MemoryNode, { coop, crypto }: TestCoop): Replica {
  const all = recordsOf(node)
  const opened = openReplica({ coop, crypto, signer: null, isLazy: true })
  const { history } = node.replica
  for (const [order, { header, id }] of all.entries()) {
    const { device, seq, epoch } = header
    const links = { prev: history.prevOf(order), seen: history.seenOf(order) }
    const documents = header.sections.map((it) => it.document)
    expect(opened.restore({ device, seq, id, epoch, ...links, isSigned: true, documents })).toBe(true)
  }
  const commits = (id: string): { order: number; record: (typeof all)[number] }[] =>
    (opened.documentLog(id)?.next(Infinity) ?? []).map((order) => ({
      order,
      record: all[order] as (typeof all)[number],
    }))
  opened.documents.fold('authority', commits('authority'))
  opened.openDocument(CATALOGUE)
  opened.documents.fold(CATALOGUE, commits(CATALOGUE))
  return opened
}

test('one steward makes three, and later commits cite the last seal', () => {
  const { nodes } = stageOf(1, 3, 3)
  expectAgreement(nodes)
  const [founder, , , member] = nodes as [MemoryNode, MemoryNode, MemoryNode, MemoryNode]
  expect(tipOf(founder).height).toBe(2)
  list(member, 'later')
  const last = recordsOf(member).at(-1)
  expect(toHex(last?.header.epoch ?? new Uint8Array())).toBe(toHex(tipOf(founder).id))
})

test('a member that is removed while it is cut off writes on, and nobody shows what it writes', () => {
  const { nodes, mesh, stewards } = stageOf(2, 4, 3)
  const [founder, , , gone, other] = nodes as [MemoryNode, MemoryNode, MemoryNode, MemoryNode, MemoryNode]
  list(gone, 'before')
  mesh.settle()
  for (const node of nodes) if (node !== gone) mesh.disconnect(node, gone)
  const rest = nodes.filter((it) => it !== gone)
  const change = { kind: 'remove', member: memberOf(gone) } as const
  stewards.decide([change], { by: other, wills: nodes.slice(0, 3), nodes: rest })
  expect(founder.replica.authority.statusOf(deviceOf(gone))).toBe('closed')
  list(gone, 'after')
  mesh.connect(gone, other)
  mesh.settle()
  expectAgreement(nodes)
  for (const { replica } of nodes) {
    expect(namesIn(replica)).toContain('before')
    expect(namesIn(replica)).not.toContain('after')
  }
  // It cites the seal from now on, and stays closed.
  list(gone, 'much later')
  mesh.settle()
  expectAgreement(nodes)
  expect(namesIn(founder.replica)).not.toContain('much later')
})

test('a later decision can adopt what a removed device wrote while it did not know', () => {
  const { nodes, mesh, stewards } = stageOf(3, 3, 3)
  const [founder, , , gone] = nodes as [MemoryNode, MemoryNode, MemoryNode, MemoryNode]
  for (const node of nodes) if (node !== gone) mesh.disconnect(node, gone)
  const remove = { kind: 'remove', member: memberOf(gone) } as const
  const wills = nodes.slice(0, 3)
  stewards.decide([remove], { by: founder, wills, nodes: wills })
  list(gone, 'sold')
  const sold = recordsOf(gone).at(-1)
  mesh.connect(gone, founder)
  mesh.settle()
  expect(namesIn(founder.replica)).not.toContain('sold')
  const settle = {
    kind: 'settle',
    device: keyOf(gone),
    seq: sold?.header.seq ?? 0,
    commit: sold?.id ?? new Uint8Array(32),
  } as const
  stewards.decide([settle], { by: founder, wills, nodes: wills })
  expectAgreement(nodes)
  for (const { replica } of nodes) expect(namesIn(replica)).toContain('sold')
})

test('two stewards who remove each other stay both, and go on deciding', () => {
  const { nodes, mesh, stewards } = stageOf(4, 2, 2)
  const [ada, bo, member] = nodes as [MemoryNode, MemoryNode, MemoryNode]
  mesh.disconnect(ada, bo)
  mesh.disconnect(member, bo)
  const propose = (by: MemoryNode, of: MemoryNode): Uint8Array => {
    const changes = [{ kind: 'remove', member: memberOf(of) } as const]
    const proposal = act(by, { t: 'propose', changes, reason: 'quarrel' })
    act(by, { t: 'approve', proposal })
    return proposal
  }
  propose(ada, bo)
  propose(bo, ada)
  stewards.keep(nodes)
  mesh.connect(ada, bo)
  stewards.keep(nodes)
  expectAgreement(nodes)
  expect(tipOf(ada).stewards.size).toBe(2)
  const slots = { kind: 'slots', device: keyOf(member), count: 3 } as const
  stewards.decide([slots], { by: member, wills: [ada, bo], nodes })
  expectAgreement(nodes)
  expect(member.replica.authority.slotsOf(deviceOf(member))).toBe(3)
})

test('any order of arrival gives the same line and the same verdicts, and so does a log that is opened again', () => {
  const made = stageOf(5, 4, 4)
  const { nodes, mesh, stewards, coop, crypto, random } = made
  const [founder, , , fourth, gone] = nodes as [MemoryNode, MemoryNode, MemoryNode, MemoryNode, MemoryNode]
  list(gone, 'early')
  stewards.keep(nodes)
  const rest = nodes.filter((it) => it !== gone)
  for (const node of rest) mesh.disconnect(node, gone)
  list(gone, 'late')
  const remove = { kind: 'remove', member: memberOf(gone) } as const
  stewards.decide([remove], { by: fourth, wills: rest.slice(0, 3), nodes: rest })
  list(fourth, 'after the seal')
  mesh.connect(gone, fourth)
  mesh.settle()
  expectAgreement(nodes)
  const expected = stateHashes(founder.replica)
  const all = recordsOf(founder)
  const byId = new Map(all.map((it) => [toHex(it.id), it.bytes]))
  for (let i = 0; i < 6; i += 1) {
    const replica = openReplica({ coop, crypto, signer: null })
    // Some of each chain at a time, the chains in another order each time.
    const left = [...all]
    while (left.length > 0) {
      const device = left[random.below(left.length)]?.header.device
      const some = left
        .filter((it) => toHex(it.header.device) === toHex(device ?? new Uint8Array()))
        .slice(0, 3)
      replica.ingest(some)
      for (const it of some) left.splice(left.indexOf(it), 1)
    }
    for (let again = 0; again < 3; again += 1) replica.ingest(all)
    replica.openDocument(CATALOGUE)
    settleDocuments(
      replica,
      (order) => byId.get(toHex(replica.history.idOf(order))) ?? new Uint8Array(),
      sha256,
    )
    expect(replica.logLength).toBe(all.length)
    expect(stateHashes(replica)).toEqual(expected)
  }
  expect(stateHashes(reopened(founder, made))).toEqual(expected)
})

test('what a removed device wrote late stays hidden in a log that is opened again, although stewards list it', () => {
  const made = stageOf(6, 3, 3)
  const { nodes, mesh, stewards } = made
  const [founder, second, third, gone] = nodes as [MemoryNode, MemoryNode, MemoryNode, MemoryNode]
  for (const node of nodes) if (node !== gone) mesh.disconnect(node, gone)
  const remove = { kind: 'remove', member: memberOf(gone) } as const
  const wills = nodes.slice(0, 3)
  stewards.decide([remove], { by: founder, wills, nodes: wills })
  list(gone, 'sold')
  const { header, id } = recordsOf(gone).at(-1) as ReturnType<typeof recordsOf>[number]
  mesh.connect(gone, founder)
  mesh.settle()
  const settle = { kind: 'settle', device: keyOf(gone), seq: header.seq, commit: id } as const
  // One will is no decision; stewards list what the proposal would settle all the same.
  stewards.decide([settle], { by: founder, wills: [second], nodes: wills })
  list(third, 'later')
  mesh.settle()
  expect(third.replica.history.seenOf(third.replica.history.length - 1)).not.toEqual([])
  expect(namesIn(founder.replica)).not.toContain('sold')
  const opened = reopened(founder, made)
  expect(namesIn(opened)).not.toContain('sold')
  expect(stateHashes(opened)).toEqual(stateHashes(founder.replica))
})

test('a commit vouches for nothing when its past holds the certificate of a later epoch, which nobody cites yet', () => {
  const { coop, founder, pen, all } = coopWithPen(7)
  const empty = { decision: null, frontier: [], forks: [], left: [], changes: null }
  act(founder, { t: 'sign', round: 0, seal: encodeSeal({ coop, parent: coop, height: 1, ...empty }) })
  const sealed = recordsOf(founder)
  const replica = reader(coop, [...all, ...pen.written, ...sealed.slice(all.length)])
  expect(replica.authority.epochs.tip.height).toBe(1)
  const outdated = pen.write({ seen: [headOf(sealed)] })
  replica.ingest([outdated])
  const [by, head] = [outdated.id, headOf(sealed).id].map((id) => replica.history.find(id)) as [
    number,
    number,
  ]
  expect(replica.history.knows(by, head)).toBe(true)
  expect(replica.history.relies(by, head)).toBe(false)
})

test('a recovery takes its quorum also where the first commit of a chain speaks for it', () => {
  const made = testCoop(8)
  const { founder, mesh, coop } = made
  const [bo, cy, away] = [made.admit('member'), made.admit('member'), made.admit('member')]
  const nodes = [founder, bo, cy, away]
  connectAll(mesh, nodes)
  mesh.settle()
  // The seal settles the admissions: four electors, of whom three have to speak.
  const slots = { kind: 'slots', device: keyOf(bo), count: 1 } as const
  new Stewards(mesh).decide([slots], { by: founder, wills: [founder], nodes })
  for (const node of nodes) if (node !== away) mesh.disconnect(node, away)
  const member = Buffer.from(founder.replica.authority.devices.get(deviceOf(bo))?.member ?? '', 'hex')
  const changes = [{ kind: 'steward', member, device: keyOf(bo) } as const]
  const empty = { decision: null, frontier: [], forks: [], left: [], changes }
  const seal = encodeSeal({ coop, parent: tipOf(founder).id, height: 2, ...empty })
  for (const node of [cy, founder]) act(node, { t: 'recover', attempt: 0, seal })
  mesh.connect(away, cy)
  mesh.settle()
  for (const node of nodes) expect(tipOf(node).height).toBe(1)
  act(away, { t: 'recover', attempt: 0, seal })
  mesh.settle()
  expect(tipOf(away).isRecovery).toBe(true)
  expectAgreement(nodes)
})
