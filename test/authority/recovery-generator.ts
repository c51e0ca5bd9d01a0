import type { Choices } from '../evaluation/choices.ts'
import type { Epoch } from './epoch.ts'
import { founded, keepOnce } from './history-generator.ts'
import type { HistoryOptions } from './history-generator.ts'
import { exchange, publish, tipOf, writeValid } from './mesh.ts'
import type { Mesh, Node } from './mesh.ts'
import { recover } from './people.ts'
import { commitOf, recordOf } from './world.ts'
import type { Act, Change, Commit, SealRecord } from './world.ts'

/**
 * A ballot is under way when most stewards are lost, with what they wrote last; the members recover, at several
 * attempts, and one of them is lost after it voted.
 */
export function generateRecovery(draw: Choices, options: HistoryOptions): Mesh {
  const mesh = founded(draw, options)
  const stewards = mesh.nodes.filter((it) => tipOf(mesh, it.store).stewards.has(it.member))
  startBallot(mesh, stewards)
  const lost = draw.shuffled(stewards).slice(draw.below(2))
  if (draw.chance(90)) for (const node of lost) node.isLost = true
  const members = mesh.nodes.filter((it) => !stewards.includes(it))
  let isVoterLost = false
  for (let step = 60 + draw.below(120); step > 0; step -= 1) {
    const [node, other] = draw.shuffled(mesh.nodes.filter((it) => !it.isLost)) as [Node, Node]
    const turn = draw.below(100)
    if (turn < 55) exchange(mesh, node, other)
    else if (turn < 75) recover(mesh, node)
    else if (turn < 95) {
      mesh.time += draw.pick([1, 6])
      keepOnce(mesh, node, true)
    } else if (!isVoterLost && members.includes(node)) {
      isVoterLost = node.isLost = draw.chance(70)
    }
  }
  return mesh
}

/**
 * The stewards are lost, and members speak at several attempts for several records, hearing little of each other; whoever
 * thinks to be a steward seals on. More than one recovery of an epoch is committed, and voices for each come late.
 */
export function generateVoices(draw: Choices, options: HistoryOptions): Mesh {
  const mesh = founded(draw, options)
  const tip = tipOf(mesh, mesh.oracle.commits)
  for (const node of mesh.nodes) exchange(mesh, mesh.nodes[0] as Node, node)
  const electors = mesh.nodes.filter((it) => mesh.oracle.electors(tip).has(it.member))
  const seals = [0, 1, 2].map(() => {
    const { member, device } = draw.pick(electors)
    return recoveryOf(tip, [['steward', member, device]])
  })
  const asked = [0, 1, 2].map(() => draw.pick(seals))
  for (let step = 40 + draw.below(60); step > 0; step -= 1) {
    const node = draw.pick(electors)
    const turn = draw.below(100)
    if (turn < 12) exchange(mesh, draw.pick(mesh.nodes), node)
    else if (turn < 20) keepOnce(mesh, node, true)
    else {
      const attempt = draw.pick([0, 0, 1, 2])
      const seal = draw.chance(80) ? (asked[attempt] as SealRecord) : draw.pick(seals)
      const voice = speak(mesh, node, tip, { attempt, seal })
      if (voice !== null) publish(mesh, node, voice)
    }
  }
  return mesh
}

/** By devices on the own chain, without news; by kits on anybody's. */
function speak(
  { oracle }: Mesh,
  node: Node,
  tip: Epoch,
  voice: { attempt: number; seal: SealRecord },
): Commit | null {
  const act: Act =
    tip.rules.recovery === 'kits' ? { t: 'kits', ...voice, member: node.member } : { t: 'recover', ...voice }
  const commit = commitOf({ device: node.device, prev: node.head, seen: [], epoch: tip.id, act })
  return oracle.isCitable(commit) && oracle.isValid(commit) ? commit : null
}

function recoveryOf({ id, height }: Epoch, changes: Change[]): SealRecord {
  const empty = { decision: null, frontier: [], forks: [], left: [] }
  return recordOf({ parent: id, height: height + 1, ...empty, changes })
}

function startBallot(mesh: Mesh, stewards: readonly Node[]): void {
  const { draw } = mesh
  const [first] = stewards
  if (first === undefined) return
  writeValid(mesh, first, { t: 'propose', changes: [['slots', first.device, 1]] })
  const proposal = (first.head as Commit).id
  for (const node of stewards) {
    exchange(mesh, first, node)
    writeValid(mesh, node, { t: 'approve', proposal })
    exchange(mesh, node, first)
  }
  for (let step = draw.below(25); step > 0; step -= 1) {
    const [node, other] = [draw.pick(stewards), draw.pick(stewards)]
    if (draw.chance(50)) exchange(mesh, node, other)
    else keepOnce(mesh, node)
    if (draw.chance(20)) mesh.time += 1
  }
}
