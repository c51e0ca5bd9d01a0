import { expect, test } from 'vitest'
import { heal } from './authority/heal.ts'
import type { Healed } from './authority/heal.ts'
import { USUAL, founded, keepOnce } from './authority/history-generator.ts'
import { addNode, draft, exchange, publish, receive, tipOf, writeValid } from './authority/mesh.ts'
import type { Mesh, Node } from './authority/mesh.ts'
import { Oracle } from './authority/oracle.ts'
import { rosterOf } from './authority/roster.ts'
import { AS_WRITTEN, NAIVE } from './authority/rules.ts'
import type { Rules } from './authority/rules.ts'
import { chainOf, commitOf, recordOf } from './authority/world.ts'
import type { Change, Commit, SealRecord } from './authority/world.ts'
import { Choices } from './evaluation/choices.ts'

/** A co-op of honest devices, the stewards first. */
function coop(
  stewards: number,
  rules: Rules,
  settings: { others?: number; followsLeader?: boolean } = {},
): Mesh {
  return founded(new Choices([5]), {
    ...USUAL,
    ...settings,
    rules,
    stewards: [stewards],
    others: [settings.others ?? 2],
    hostileStewards: [0],
    hostileMembers: [0],
  })
}

function node(mesh: Mesh, index: number): Node {
  return mesh.nodes[index] as Node
}

function write(mesh: Mesh, by: Node, act: Parameters<typeof writeValid>[2]): Commit {
  expect(writeValid(mesh, by, act)).toBe(true)
  return by.head as Commit
}

function meetAll(mesh: Mesh, nodes: readonly Node[] = mesh.nodes): void {
  for (const from of nodes) for (const to of nodes) exchange(mesh, from, to)
}

/** Asks for changes with the approval of these. */
function ask(mesh: Mesh, changes: Change[], by: readonly Node[]): string {
  const proposal = write(mesh, by[0] as Node, { t: 'propose', changes }).id
  for (const it of by) {
    exchange(mesh, by[0] as Node, it)
    write(mesh, it, { t: 'approve', proposal })
  }
  meetAll(mesh)
  return proposal
}

function agree(mesh: Mesh, passesMax = 200): Healed {
  return heal(mesh, { attacks: 0, reveals: false, passesMax })
}

/** Two stewards; one has signed, the other has supported and has yet to sign. */
function prepared(rules: Rules): { mesh: Mesh; late: Node; proposal: string } {
  const mesh = coop(2, rules)
  const proposal = ask(mesh, [['slots', 'd00', 3]], [node(mesh, 0), node(mesh, 1)])
  mesh.time += 1
  const acts = (it: Node): string | undefined => it.head?.act?.t
  for (let turn = 0; acts(node(mesh, 0)) !== 'sign' && acts(node(mesh, 1)) !== 'sign'; turn += 1) {
    const [one, other] = turn % 2 === 0 ? [0, 1] : [1, 0]
    mesh.time += 1
    keepOnce(mesh, node(mesh, one))
    if (node(mesh, one).head?.act?.t !== 'sign') exchange(mesh, node(mesh, one), node(mesh, other))
  }
  return { mesh, late: acts(node(mesh, 0)) === 'sign' ? node(mesh, 1) : node(mesh, 0), proposal }
}

test('a steward who changes his mind between support and sign does not stop the line', () => {
  const outcomes = [NAIVE, AS_WRITTEN].map((rules) => {
    const { mesh, late, proposal } = prepared(rules)
    write(mesh, late, { t: 'decline', proposal })
    return agree(mesh)
  })
  expect(outcomes.map((it) => it.isPending)).toEqual([true, false])
})

test('a member whose chain parts between support and sign does not stop the line', () => {
  const outcomes = [NAIVE, AS_WRITTEN].map((rules) => {
    const { mesh, late } = prepared(rules)
    const [first] = chainOf(node(mesh, 2).head).reverse() as [Commit]
    for (const changes of [[['close', 'd00']], [['close', 'd01']]] as Change[][]) {
      const { device, prev, seen, epoch } = first
      const branch = commitOf({ device, prev, seen, epoch, act: { t: 'propose', changes } })
      mesh.oracle.add(branch)
      receive(late, [branch])
    }
    return agree(mesh)
  })
  expect(outcomes.map((it) => it.isPending)).toEqual([true, false])
})

test('a steward of three who leaves does not take the quorum along', () => {
  const outcomes = [{ ...AS_WRITTEN, leaverBallots: false }, AS_WRITTEN].map((rules) => {
    const mesh = coop(3, rules)
    write(mesh, node(mesh, 1), { t: 'leave', withKit: false })
    const healed = agree(mesh, 50)
    return [healed.isPending, rosterOf(mesh.oracle).stewards]
  })
  expect(outcomes[0]?.[0]).toBe(true)
  expect(outcomes[1]).toEqual([false, { m0: 'd00', m2: 'd02' }])
})

test('the last steward does not go, by a closing or a leave', () => {
  for (const rules of [NAIVE, AS_WRITTEN]) {
    const mesh = coop(1, rules)
    ask(mesh, [['close', 'd00']], [node(mesh, 0)])
    agree(mesh)
    const { stewards, devices } = rosterOf(mesh.oracle)
    const isDead = devices['d00']?.status === 'closed' && stewards['m0'] === 'd00'
    expect(isDead).toBe(rules === NAIVE)
  }
})

test('a node that counted three rounds while the others stood still does not keep them waiting for ever', () => {
  const outcomes = [{ ...AS_WRITTEN, openBeforeAdvance: false }, AS_WRITTEN].map((rules) => {
    const mesh = coop(4, rules)
    const stewards = [0, 1, 2, 3].map((it) => node(mesh, it))
    ask(mesh, [['slots', 'd00', 3]], stewards)
    const [eager, , , lost] = stewards as [Node, Node, Node, Node]
    for (let minute = 0; minute < 5; minute += 1) {
      mesh.time += 6
      keepOnce(mesh, eager)
    }
    lost.isLost = true
    return agree(mesh, 80).isPending
  })
  expect(outcomes).toEqual([true, false])
})

test('a steward who is always first to speak to one of the others does not stop the line', () => {
  const heights = [false, true].map((followsLeader) => {
    const mesh = coop(4, AS_WRITTEN, { followsLeader })
    const [racer, ...honest] = [0, 1, 2, 3].map((it) => node(mesh, it)) as [Node, Node, Node, Node]
    ask(mesh, [['slots', 'd00', 3]], honest)
    for (let round = 0; round < 12; round += 1) {
      const tip = tipOf(mesh, racer.store)
      const leader = [...tip.stewards.values()].sort()[(tip.height + round) % 4]
      const [victim, ...rest] = honest.toSorted((one) => (one.device === leader ? 1 : -1)) as [
        Node,
        Node,
        Node,
      ]
      if (leader === racer.device) {
        for (const it of honest) keepOnce(mesh, it)
        mesh.time += 1
      }
      race(mesh, racer, victim)
      // The news of the leader's record and of the racer's cross.
      for (const it of rest.reverse()) {
        keepOnce(mesh, it)
        for (const other of rest) exchange(mesh, it, other)
      }
      for (let pass = 0; pass < 8; pass += 1) {
        mesh.time += 1
        meetAll(mesh)
        for (const it of honest) if (mesh.oracle.roundOf(chainOf(it.head), tip) === round) keepOnce(mesh, it)
      }
      meetAll(mesh)
    }
    return tipOf(mesh, racer.store).height
  })
  expect(heights[0]).toBe(1)
  expect(heights[1]).toBeGreaterThan(1)
})

/** Follows the others into their round and supports a record of its own, which only one of them hears of at once. */
function race(mesh: Mesh, racer: Node, victim: Node): void {
  const tip = tipOf(mesh, racer.store)
  const own = mesh.oracle.roundOf(chainOf(racer.head), tip)
  const round = Math.max(own, ...mesh.oracle.advanced(racer.store, tip).values())
  for (let to = own + 1; to <= round; to += 1) writeValid(mesh, racer, { t: 'advance', round: to })
  const head = racer.head as Commit
  const seal = recordOf({
    parent: tip.id,
    height: tip.height + 1,
    decision: null,
    frontier: [[head.device, head.seq, head.id]],
    forks: [],
    left: [],
    changes: null,
  })
  if (writeValid(mesh, racer, { t: 'support', round, seal })) {
    exchange(mesh, racer, victim)
    keepOnce(mesh, victim)
  }
}

test('A removes B while B removes A: it ends the same everywhere', () => {
  for (const stewards of [2, 3, 4, 5])
    for (const [forA, forB] of [
      [stewards, stewards],
      [stewards - 1, stewards - 1],
      [1, stewards - 1],
    ] as const) {
      const mesh = coop(stewards, AS_WRITTEN)
      const [a, b] = [node(mesh, 0), node(mesh, 1)]
      const rest = [...Array(stewards).keys()].slice(2).map((it) => node(mesh, it))
      const wishes = [
        { by: a, against: b, wills: [a, ...rest, b].slice(0, forA) },
        { by: b, against: a, wills: [b, ...rest, a].slice(0, forB) },
      ]
      for (const { by, against, wills } of wishes)
        ask(mesh, [['remove', against.member]], [by, ...wills.slice(1)])
      agree(mesh)
      const rosters = mesh.nodes.map((it) => rosterOf(new Oracle(mesh.oracle.genesis, it.store, AS_WRITTEN)))
      for (const roster of rosters) expect(roster).toEqual(rosters[0])
      const gone = ['m0', 'm1'].filter((it) => !rosters[0]?.members.includes(it))
      const quorum = mesh.oracle.quorum(mesh.oracle.epoch(rosters[0]?.line[1] as string))
      expect(gone.length > 0).toBe(Math.max(forA, forB) >= quorum)
      // Of five, three others are enough to remove the second one once the first is gone.
      if (stewards < 5 && Math.max(forA, forB) < stewards) expect(gone.length).toBeLessThan(2)
    }
})

test('two devices of each member commit two recoveries at one attempt, and nobody signs double', () => {
  const mesh = coop(1, AS_WRITTEN)
  const first = [...mesh.nodes]
  const seconds = first.map(({ member }, index) => {
    const device = `d1${index}`
    const admission = write(mesh, node(mesh, 0), { t: 'device', device, member })
    const second = addNode(mesh, device, member, false)
    receive(second, [admission])
    publish(mesh, second, draft(mesh, second, tipOf(mesh, second.store), null))
    return second
  })
  const tip = tipOf(mesh, node(mesh, 0).store)
  const recovery = (member: string, device: string): SealRecord =>
    recordOf({
      parent: tip.id,
      height: tip.height + 1,
      decision: null,
      frontier: [],
      forks: [],
      left: [],
      changes: [['steward', member, device]],
    })
  for (const [voters, seal] of [
    [first, recovery('m1', 'd01')],
    [seconds, recovery('m2', 'd02')],
  ] as const)
    for (const voter of voters)
      write(
        mesh,
        voter,
        tip.rules.recovery === 'kits'
          ? { t: 'kits', attempt: 0, seal, member: voter.member }
          : { t: 'recover', attempt: 0, seal },
      )
  expect(
    [...mesh.oracle.committed(mesh.oracle.commits).values()].filter((it) => it.parent === tip.id),
  ).toHaveLength(2)
})
