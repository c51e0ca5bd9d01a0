import type { Choices } from '../evaluation/choices.ts'
import { attack } from './hostile.ts'
import { keep } from './keeper.ts'
import { addNode, draft, exchange, newMesh, publish, receive, tipOf, writeValid } from './mesh.ts'
import type { Mesh, MeshSettings, Node } from './mesh.ts'
import { admittedDevices, live, say } from './people.ts'
import { AS_WRITTEN } from './rules.ts'
import type { Change, Commit, Genesis } from './world.ts'

/** What to draw more or less of. */
export interface HistoryOptions extends MeshSettings {
  stewards: readonly number[]
  /** Stewards that do what they like; more than the quorum bears voids some of the laws. */
  hostileStewards: readonly number[]
  /** Members that are no stewards. */
  others: readonly number[]
  /** Others that do. */
  hostileMembers: readonly number[]
  quorum: readonly Genesis['quorum'][]
  stepsMin: number
  stepsMax: number
  /** Chance in 100 that stewards are lost at some time. */
  loses: number
}

export const USUAL: HistoryOptions = {
  rules: AS_WRITTEN,
  followsLeader: true,
  cites: 'tip',
  stewards: [1, 2, 3, 4, 4, 4, 5],
  hostileStewards: [0, 1, 1],
  others: [1, 2],
  hostileMembers: [0, 1],
  quorum: ['two-thirds'],
  stepsMin: 80,
  stepsMax: 260,
  loses: 20,
}

/** Ballots in which one steward double signs. */
export const CROWDED: HistoryOptions = { ...USUAL, stewards: [2, 3, 4, 4, 5, 6, 7], hostileStewards: [1] }

/** Stewards of whom more may sign double than the quorum bears. */
export const FAITHLESS: HistoryOptions = {
  ...CROWDED,
  stewards: [1, 2, 3, 4, 5, 6],
  hostileStewards: [0],
  quorum: ['majority', 'majority', 'two-thirds'],
}

/** Co-ops that lose their stewards and have members to go on with. */
export const BEREFT: HistoryOptions = {
  ...USUAL,
  stewards: [1, 2, 3],
  others: [5, 6, 7],
  hostileStewards: [0],
  hostileMembers: [0],
}

/** A co-op whose founder made others stewards, with a generated life of partitions, quarrels and theft. */
export function generateHistory(draw: Choices, options: HistoryOptions): Mesh {
  const mesh = founded(draw, options)
  const steps = options.stepsMin + draw.below(options.stepsMax - options.stepsMin + 1)
  const lossAt = draw.chance(options.loses) ? draw.below(steps) : -1
  for (let step = 0; step < steps; step += 1) {
    if (step === lossAt) loseStewards(mesh)
    takeStep(mesh)
  }
  return mesh
}

function takeStep(mesh: Mesh): void {
  const { draw } = mesh
  const node = draw.pick(mesh.nodes)
  const turn = draw.below(100)
  if (turn < 4) for (const it of mesh.nodes) mesh.parts.set(it.device, draw.below(2))
  else if (turn < 10) for (const it of mesh.nodes) mesh.parts.set(it.device, 0)
  else if (turn < 14) mesh.time += 1 + draw.below(8)
  else if (turn < 17) node.timers.clear()
  else if (turn < 27) exchange(mesh, node, draw.pick(mesh.nodes))
  else if (turn < 44) for (const it of mesh.nodes) exchange(mesh, node, it)
  else if (turn < 46) setUpDevice(mesh)
  else if (turn < 49) spendDay(mesh)
  else if (node.isLost) return
  else if (node.isHostile) attack(mesh, node)
  else if (turn < 82) keepOnce(mesh, node, draw.chance(20))
  else live(mesh, node)
}

export function keepOnce(mesh: Mesh, node: Node, sealsBare = false): boolean {
  const commit = node.isLost || node.isHostile || node.head === null ? null : keep(mesh, node, { sealsBare })
  if (commit !== null) publish(mesh, node, commit)
  return commit !== null
}

/** A day in touch, part by part: people say what they think of what is asked, keepers take turns. */
function spendDay(mesh: Mesh): void {
  const { draw, nodes } = mesh
  for (let pass = draw.below(8); pass > 0; pass -= 1) {
    mesh.time += 1
    for (const node of draw.shuffled(nodes)) {
      if (node.isLost || node.head === null) continue
      for (const other of nodes) exchange(mesh, other, node)
      if (node.isHostile) {
        if (draw.chance(40)) attack(mesh, node)
      } else if (!keepOnce(mesh, node)) say(mesh, node)
    }
  }
}

/** Somebody switches on a device that was admitted: it has what shows its admission. */
function setUpDevice(mesh: Mesh): void {
  const admitted = admittedDevices(mesh)
  if (admitted.length === 0) return
  const { device, member } = mesh.draw.pick(admitted)
  const admission = mesh.oracle
    .admissions(mesh.oracle.commits)
    .find((it) => mesh.oracle.admitted(it).device === device) as Commit
  const node = addNode(mesh, device, member, false)
  receive(node, [admission])
  publish(mesh, node, draft(mesh, node, tipOf(mesh, node.store), null))
}

/** All stewards but one, or all, never come back. */
function loseStewards(mesh: Mesh): void {
  const devices = new Set(tipOf(mesh, mesh.oracle.commits).stewards.values())
  const lost = mesh.nodes.filter((it) => devices.has(it.device))
  for (const node of lost.slice(mesh.draw.below(2))) node.isLost = true
}

/** Genesis, admissions, and one seal that makes the stewards. */
export function founded(draw: Choices, options: HistoryOptions): Mesh {
  const stewards = draw.pick(options.stewards)
  const count = Math.max(stewards, 2) + draw.pick(options.others)
  const mesh = newMesh(
    draw,
    {
      coop: 'coop',
      member: 'm0',
      device: 'd00',
      slots: 20,
      quorum: draw.pick(options.quorum),
      recovery: draw.pick(['member-quorum', 'kits']),
    },
    options,
  )
  const hostile = new Set([
    ...draw.shuffled([...Array(stewards).keys()]).slice(0, draw.pick(options.hostileStewards)),
    ...draw.shuffled([...Array(count).keys()].slice(stewards)).slice(0, draw.pick(options.hostileMembers)),
  ])
  const names = [...Array(count).keys()].map((it) => ({
    device: `d${String(it).padStart(2, '0')}`,
    member: `m${it}`,
  }))
  const nodes = names.map(({ device, member }, it) => addNode(mesh, device, member, hostile.has(it)))
  const founder = nodes[0] as Node
  writeValid(mesh, founder, { t: 'genesis' })
  writeValid(mesh, founder, { t: 'invite', key: 'first', role: 'member', uses: count })
  for (const { device, member } of names.slice(1))
    writeValid(mesh, founder, { t: 'admit', invite: 'first', device, member })
  for (const node of nodes.slice(1)) {
    receive(node, founder.store)
    publish(mesh, node, draft(mesh, node, tipOf(mesh, node.store), null))
    receive(founder, node.store)
  }
  const changes: Change[] = [
    ...names.slice(1, stewards).map(({ device, member }): Change => ['steward', member, device]),
    ...names.slice(1, 3).map(({ device }): Change => ['slots', device, 4]),
  ]
  if (draw.chance(15) && stewards < count) changes.push(['role', `m${count - 1}`, 'observer'])
  writeValid(mesh, founder, { t: 'propose', changes })
  writeValid(mesh, founder, { t: 'approve', proposal: (founder.head as Commit).id })
  const first = keep(mesh, founder, { sealsBare: false })
  if (first?.act?.t !== 'sign') throw new Error('the founder cannot seal')
  publish(mesh, founder, first)
  for (const node of nodes) {
    receive(node, founder.store)
    publish(mesh, node, draft(mesh, node, tipOf(mesh, node.store), null))
  }
  return mesh
}
