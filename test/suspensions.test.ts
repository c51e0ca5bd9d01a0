import { expect, test } from 'vitest'
import { actSection } from '#protocol/authority'
import { TEXT } from '#protocol/board'
import { CATALOGUE, encodeCatalogueEntries } from '#protocol/catalogue'
import { openReplica } from '#protocol/coop'
import { toHex } from '#protocol/encoding'
import type { AuthorResult } from '#protocol/replica'
import { nodeSigner } from '#node/crypto'
import type { MemoryNode } from '#simulations/mesh'
import { BoardPage, boardOf } from './actors/board-page.ts'
import { admitSection, inviteSection, must } from './actors/coop-actors.ts'
import { expectAgreement, keyOf, list, namesIn, relies, stageOf, tipOf } from './actors/stage.ts'
import type { Stage } from './actors/stage.ts'
import { act, deviceOf, memberOf } from './actors/stewards.ts'

/** What a page answers when an edit makes nothing. */
const NOTHING_MADE: AuthorResult = { ok: false, refusal: 'nothing-made', detail: '' }

type Four = [MemoryNode, MemoryNode, MemoryNode, MemoryNode]
type Five = [...Four, MemoryNode]

function suspend(by: MemoryNode, node: MemoryNode): Uint8Array {
  return act(by, { t: 'suspend', device: keyOf(node), reason: 'stolen' })
}

/** The last commit of a node. */
function lastOf(node: MemoryNode): { seq: number; id: Uint8Array } {
  const { history } = node.replica
  const [branch] = history.branchesOf(history.findDevice(keyOf(node)))
  const order = branch?.end ?? -1
  return { seq: history.seqOf(order), id: history.idOf(order).slice() }
}

/** Admits a device with a slot of a node, by an invite of its own. */
function admitBy(stage: Stage, issuer: MemoryNode): MemoryNode {
  const { crypto, random, mesh, coop } = stage
  const signer = nodeSigner(random.bytes(32))
  const secret = random.bytes(16)
  must(issuer.author([inviteSection(secret, 'member', crypto)]))
  must(issuer.author([admitSection(coop, signer, { crypto, random, secret })]))
  const node = mesh.add(openReplica({ coop, crypto, signer }))
  mesh.connect(node, stage.founder)
  mesh.settle()
  return node
}

function giveSlots(stage: Stage, node: MemoryNode): void {
  const { stewards, founder, nodes } = stage
  const wills = nodes.slice(0, tipOf(founder).stewards.size)
  stewards.decide([{ kind: 'slots', device: keyOf(node), count: 8 }], { by: founder, wills, nodes })
}

test('who knows of a suspension lists nothing new of the device; what was listed before stays', () => {
  const { nodes, mesh, founder } = stageOf(1, 3, 1)
  const [, member, other, venue] = nodes as Four
  const before = list(venue, 'before')
  mesh.settle()
  list(member, 'sees it')
  suspend(founder, venue)
  mesh.settle()
  const after = list(venue, 'after')
  mesh.settle()
  for (const node of [founder, member, other]) list(node, `later ${nodes.indexOf(node)}`)
  mesh.settle()
  for (const node of [founder, member, other]) {
    expect([relies(node, before), relies(node, after)]).toEqual([true, false])
    // It voids nothing: it is stored, shown and told like any other.
    expect(namesIn(node.replica)).toContain('after')
  }
  // Its own chain goes on, and lists what others write.
  list(venue, 'goes on')
  expect(relies(venue, lastOf(founder).id)).toBe(true)
  mesh.settle()
  expectAgreement(nodes)
})

test('what somebody listed who did not know of the suspension comes along with what he writes', () => {
  const { nodes, mesh, founder } = stageOf(2, 3, 1)
  const [, member, , venue] = nodes as Four
  for (const node of nodes) if (node !== member) mesh.disconnect(node, member)
  for (const node of nodes) if (node !== venue) mesh.disconnect(node, venue)
  suspend(founder, venue)
  mesh.connect(member, venue)
  const sold = list(venue, 'sold')
  mesh.settle()
  list(member, 'takes it')
  mesh.connect(founder, member)
  mesh.settle()
  list(founder, 'goes on')
  expect(relies(founder, sold)).toBe(true)
  const more = list(venue, 'more')
  mesh.settle()
  for (const node of [founder, member]) {
    list(node, 'and on')
    expect(relies(node, more)).toBe(false)
  }
})

test('once a suspension is lifted all that the device wrote meanwhile is listed', () => {
  const { nodes, mesh, stewards, founder } = stageOf(3, 3, 2)
  const [, second, member, venue] = nodes as Four
  const commit = suspend(second, venue)
  mesh.settle()
  const sold = Array.from({ length: 5 }, (_, i) => list(venue, `sold ${i}`))
  mesh.settle()
  list(member, 'not yet')
  expect(relies(member, sold[0] as Uint8Array)).toBe(false)
  stewards.decide([{ kind: 'lift', commit }], { by: member, wills: [founder, second], nodes })
  for (const node of [founder, second, member]) {
    list(node, 'again')
    for (const id of sold) expect(relies(node, id)).toBe(true)
  }
  mesh.settle()
  expectAgreement(nodes)
})

test('a suspended device that is closed keeps what was listed before, and a later seal can adopt the rest', () => {
  const { nodes, mesh, stewards, founder } = stageOf(4, 4, 3)
  const [, second, third, member, venue] = nodes as Five
  const wills = [founder, second, third]
  list(venue, 'before')
  mesh.settle()
  list(member, 'sees it')
  mesh.settle()
  suspend(second, venue)
  mesh.settle()
  list(venue, 'after')
  mesh.settle()
  const { seq, id } = lastOf(venue)
  for (const node of nodes.slice(0, 4)) list(node, 'goes on')
  mesh.settle()
  stewards.decide([{ kind: 'close', device: keyOf(venue) }], { by: founder, wills, nodes })
  expect(founder.replica.authority.statusOf(deviceOf(venue))).toBe('closed')
  expectAgreement(nodes)
  expect(namesIn(member.replica)).toContain('before')
  expect(namesIn(member.replica)).not.toContain('after')
  const settle = { kind: 'settle', device: keyOf(venue), seq, commit: id } as const
  stewards.decide([settle], { by: second, wills, nodes })
  expectAgreement(nodes)
  expect(namesIn(member.replica)).toContain('after')
  list(member, 'now')
  expect(relies(member, id)).toBe(true)
})

test('members cite a seal all of whose signers are suspended', () => {
  const { nodes, mesh, stewards } = stageOf(5, 2, 2)
  const [ada, bo, member] = nodes as [MemoryNode, MemoryNode, MemoryNode]
  suspend(ada, bo)
  suspend(bo, ada)
  mesh.settle()
  expect(member.replica.authority.keptAwayFrom(deviceOf(member)).size).toBe(2)
  expect(ada.replica.authority.keptAwayFrom(deviceOf(ada)).size).toBe(0)
  stewards.decide([{ kind: 'slots', device: keyOf(member), count: 2 }], {
    ...{ by: ada, wills: [ada, bo], nodes },
  })
  const unlisted = list(bo, 'unlisted')
  mesh.settle()
  list(member, 'cites')
  const { history, epochs } = member.replica
  expect(toHex(epochs.idOf(history.find(lastOf(member).id)))).toBe(tipOf(member).name)
  expect(tipOf(member).height).toBe(2)
  expect(relies(member, unlisted)).toBe(false)
  mesh.settle()
  expectAgreement(nodes)
})

test('an answer to a suspended device brings what it names, and nothing behind it', () => {
  const { nodes, mesh, stewards, founder } = stageOf(6, 3, 2)
  const [, second, member, venue] = nodes as Four
  const commit = suspend(second, venue)
  mesh.settle()
  const first = list(venue, 'sold first')
  const changes = [{ kind: 'lift', commit } as const]
  const proposal = act(venue, { t: 'propose', changes, reason: 'it was found' })
  const behind = list(venue, 'sold later')
  mesh.settle()
  list(founder, 'aside')
  expect(relies(founder, proposal)).toBe(false)
  act(founder, { t: 'approve', proposal })
  expect([first, proposal, behind].map((it) => relies(founder, it))).toEqual([true, true, false])
  // What is only tried brings nothing.
  expect(member.replica.check([actSection({ t: 'approve', proposal })]).ok).toBe(false)
  list(member, 'aside')
  mesh.settle()
  act(second, { t: 'approve', proposal })
  stewards.keep(nodes)
  expect(founder.replica.authority.statusOf(deviceOf(venue))).toBe('active')
  list(founder, 'again')
  expect(relies(founder, behind)).toBe(true)
})

test('a listing of a suspended device can be taken off', () => {
  const { nodes, mesh, founder } = stageOf(7, 2, 1)
  const [, member, venue] = nodes as [MemoryNode, MemoryNode, MemoryNode]
  suspend(founder, venue)
  mesh.settle()
  const commit = list(venue, 'offensive')
  mesh.settle()
  list(member, 'aside')
  const payload = encodeCatalogueEntries([{ t: 'unlist', commit, index: 0 }])
  must(founder.author([{ document: CATALOGUE, entries: 1, payload }]))
  mesh.settle()
  expect(namesIn(member.replica)).not.toContain('offensive')
  expectAgreement(nodes)
})

test('a page goes on where a suspended device wrote, and that brings what it builds on', () => {
  const { nodes, mesh, founder } = stageOf(13, 2, 1)
  const [, member, venue] = nodes as [MemoryNode, MemoryNode, MemoryNode]
  const page = new BoardPage(member, 'board/wall')
  must(page.edit((doc) => doc.getText(TEXT).insert(0, 'opening hours: ')) ?? NOTHING_MADE)
  mesh.settle()
  suspend(founder, venue)
  mesh.settle()
  const edited = new BoardPage(venue, 'board/wall').edit((doc) => doc.getText(TEXT).insert(15, '9 to 17'))
  const words = must(edited ?? NOTHING_MADE).commit.id
  const sold = list(venue, 'sold')
  mesh.settle()
  must(page.edit((doc) => doc.getText(TEXT).insert(0, 'Our ')) ?? NOTHING_MADE)
  expect(relies(member, words)).toBe(false)
  must(page.edit((doc) => doc.getText(TEXT).insert(26, '; closed on Monday')) ?? NOTHING_MADE)
  expect([relies(member, words), relies(member, sold)]).toEqual([true, false])
  mesh.settle()
  for (const node of nodes)
    expect(boardOf(node, 'board/wall').doc.getText(TEXT).toJSON()).toBe(
      'Our opening hours: 9 to 17; closed on Monday',
    )
})

test('who was admitted by a suspended device alone is not listed either, but can write, and be closed', () => {
  const stage = stageOf(8, 3, 2)
  const { nodes, mesh, stewards, founder } = stage
  const [, second, member, thief] = nodes as Four
  giveSlots(stage, thief)
  suspend(second, thief)
  mesh.settle()
  const fraud = list(thief, 'fraud')
  const accomplice = admitBy(stage, thief)
  const all = [...nodes, accomplice]
  // Its first commit relies on its admission, whoever admitted it.
  const first = list(accomplice, 'first')
  expect(relies(accomplice, fraud)).toBe(true)
  mesh.settle()
  expect(namesIn(member.replica)).toContain('first')
  for (const node of [founder, second, member]) {
    list(node, 'aside')
    expect([relies(node, fraud), relies(node, first)]).toEqual([false, false])
  }
  mesh.settle()
  const close = [thief, accomplice].map((it) => ({ kind: 'close', device: keyOf(it) }) as const)
  stewards.decide(close, { by: member, wills: [founder, second], nodes })
  expect(all.map((it) => founder.replica.authority.statusOf(deviceOf(it)))).toEqual([
    ...['active', 'active', 'active', 'closed', 'closed'],
  ])
  mesh.settle()
  expectAgreement(all)
  // The admission was named; what was written behind it was not, and is late.
  expect(namesIn(member.replica)).not.toContain('first')
})

test('who was admitted by others as well is listed', () => {
  const stage = stageOf(9, 2, 1)
  const { nodes, mesh, founder, random, crypto, coop } = stage
  const [, member, thief] = nodes as [MemoryNode, MemoryNode, MemoryNode]
  giveSlots(stage, thief)
  const signer = nodeSigner(random.bytes(32))
  const newcomer = mesh.add(openReplica({ coop, crypto, signer }))
  for (const issuer of [founder, thief]) {
    const secret = random.bytes(16)
    must(issuer.author([inviteSection(secret, 'member', crypto)]))
    must(issuer.author([admitSection(coop, signer, { crypto, random, secret })]))
  }
  mesh.settle()
  suspend(founder, thief)
  mesh.connect(newcomer, founder)
  mesh.settle()
  const first = list(newcomer, 'first')
  mesh.settle()
  list(member, 'aside')
  expect(relies(member, first)).toBe(true)
})

test('a suspended device does not leave to be listed, and keeps nobody else from leaving', () => {
  const { nodes, mesh, stewards, founder } = stageOf(10, 4, 2)
  const [, second, member, leaver, thief] = nodes as Five
  suspend(second, thief)
  mesh.settle()
  const fraud = list(thief, 'fraud')
  act(thief, { t: 'leave', signature: null })
  act(leaver, { t: 'leave', signature: null })
  mesh.settle()
  stewards.keep(nodes)
  const { authority } = founder.replica
  expect(
    [thief, leaver].map((it) => authority.epochs.closed.has(deviceOf(it), authority.epochs.tip)),
  ).toEqual([false, true])
  list(member, 'aside')
  expect(relies(member, fraud)).toBe(false)
  stewards.decide([{ kind: 'close', device: keyOf(thief) }], { by: member, wills: [founder, second], nodes })
  expect(authority.statusOf(deviceOf(thief))).toBe('closed')
  expect(namesIn(member.replica)).not.toContain('fraud')
  expectAgreement(nodes)
})

test('a fork far behind does not make others list what a suspended device wrote before it', () => {
  const stage = stageOf(11, 3, 1)
  const { nodes, mesh, founder } = stage
  const [, member, , thief] = nodes as Four
  const { signer } = thief as MemoryNode & { signer: ReturnType<typeof nodeSigner> }
  const copy = mesh.add(openReplica({ coop: stage.coop, crypto: stage.crypto, signer }))
  suspend(founder, thief)
  mesh.settle()
  const fraud = list(thief, 'fraud')
  mesh.connect(copy, thief)
  mesh.settle()
  mesh.disconnect(copy, thief)
  list(thief, 'one way')
  list(copy, 'another way')
  mesh.connect(copy, member)
  mesh.settle()
  expect(founder.replica.history.forks.size).toBe(1)
  for (const node of [founder, member]) {
    list(node, 'aside')
    expect(relies(node, fraud)).toBe(false)
  }
})

test('a steward who suspends whom he can is suspended back, removed, and his suspensions lifted with that', () => {
  const { nodes, mesh, stewards, founder } = stageOf(12, 5, 4)
  const [, rogue, third, fourth, member, venue] = nodes as [...Five, MemoryNode]
  const victims = [founder, third, fourth, venue]
  const commits = victims.map((it) => suspend(rogue, it))
  expect(rogue.author([actSection({ t: 'suspend', device: keyOf(member), reason: '' })])).toMatchObject({
    refusal: 'suspension-quota',
  })
  mesh.settle()
  suspend(founder, rogue)
  mesh.settle()
  const written = victims.map((it) => list(it, 'goes on'))
  mesh.settle()
  list(member, 'aside')
  for (const id of written) expect(relies(member, id)).toBe(false)
  const lifts = commits.map((commit) => ({ kind: 'lift', commit }) as const)
  const remove = { kind: 'remove', member: memberOf(rogue) } as const
  const wills = [founder, third, fourth]
  stewards.decide([remove, ...lifts], { by: founder, wills, nodes: nodes.filter((it) => it !== rogue) })
  mesh.settle()
  expectAgreement(nodes)
  expect(victims.map((it) => member.replica.authority.statusOf(deviceOf(it)))).toEqual(
    victims.map(() => 'active'),
  )
  list(member, 'again')
  for (const id of written) expect(relies(member, id)).toBe(true)
  expect(member.replica.authority.keptAwayFrom(deviceOf(member)).size).toBe(0)
})

/** Connects and cuts at random; every node keeps at least nothing. */
function rewire({ mesh, nodes, random }: Stage): void {
  for (const [i, node] of nodes.entries())
    for (const other of nodes.slice(i + 1)) {
      if (random.below(2) === 0) mesh.disconnect(node, other)
      else if (!node.sessions.has(other)) mesh.connect(node, other)
    }
}

function heal({ mesh, nodes }: Stage): void {
  for (const [i, node] of nodes.entries())
    for (const other of nodes.slice(i + 1)) if (!node.sessions.has(other)) mesh.connect(node, other)
  mesh.settle()
}

test('whoever is suspended wherever by whomever: replicas agree, and nothing is lost when that is lifted or sealed', () => {
  const reached = { suspended: 0, unlisted: 0, lifted: 0, closed: 0, late: 0 }
  for (let seed = 30; seed < 36; seed += 1) {
    const stage = stageOf(seed, 5, 3)
    const { nodes, mesh, random, stewards } = stage
    const three = nodes.slice(0, 3)
    const written: { by: MemoryNode; id: Uint8Array; name: string }[] = []
    const commits: Uint8Array[] = []
    for (let step = 0; step < 40; step += 1) {
      const node = nodes[random.below(nodes.length)] as MemoryNode
      const other = nodes[random.below(nodes.length)] as MemoryNode
      const turn = random.below(10)
      if (turn === 0) rewire(stage)
      else if (turn === 1 && node !== other) {
        const section = actSection({ t: 'suspend', device: keyOf(other), reason: '' })
        const result = node.author([section])
        if (result.ok) commits.push(result.commit.id)
      } else {
        const name = `${seed} ${step}`
        written.push({ by: node, id: list(node, name), name })
      }
      mesh.settle(random.below(400))
    }
    heal(stage)
    expectAgreement(nodes)
    const { authority, history } = stage.founder.replica
    const suspended = nodes.filter((it) => authority.statusOf(deviceOf(it)) === 'suspended')
    reached.suspended += suspended.length
    /** What somebody relies on who is not suspended. */
    const free = nodes.filter((it) => !suspended.includes(it))
    const accepted = written.filter(({ by, id }) => free.some((it) => it !== by && relies(it, id)))
    reached.unlisted += written.filter((it) => suspended.includes(it.by) && !accepted.includes(it)).length
    const isClosed = (it: MemoryNode): boolean =>
      suspended.includes(it) && !three.includes(it) && seed % 2 === 0
    const closed = nodes.filter(isClosed)
    const changes = [
      ...closed.map((it) => ({ kind: 'close', device: keyOf(it) }) as const),
      ...commits.slice(0, 14).map((commit) => ({ kind: 'lift', commit }) as const),
    ]
    if (changes.length > 0) stewards.decide(changes, { by: stage.founder, wills: three, nodes })
    heal(stage)
    expectAgreement(nodes)
    expect(authority.suspensions.length).toBe(0)
    const open = nodes.filter((it) => !closed.includes(it))
    for (const [i, node] of open.entries()) list(node, `${seed} end ${i}`)
    mesh.settle()
    expectAgreement(nodes)
    const names = namesIn(stage.founder.replica)
    for (const { by, id, name } of written) {
      if (!closed.includes(by)) {
        for (const node of open) expect([name, relies(node, id)]).toEqual([name, true])
        reached.lifted += Number(suspended.includes(by))
      } else if (accepted.some((it) => it.id === id)) {
        expect(names).toContain(name)
        reached.closed += 1
      } else if (!stage.founder.replica.visibility.isVisible(history.find(id))) reached.late += 1
    }
  }
  expect(Math.min(...Object.values(reached))).toBeGreaterThan(0)
})
