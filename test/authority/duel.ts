import type { Choices } from '../evaluation/choices.ts'
import { stewardOf } from './epoch.ts'
import { founded, keepOnce } from './history-generator.ts'
import type { HistoryOptions } from './history-generator.ts'
import { exchange, publish, draft, receive, tipOf, writeValid } from './mesh.ts'
import type { Mesh, Node } from './mesh.ts'
import type { Oracle } from './oracle.ts'
import { commitOf } from './world.ts'
import type { Act, Change, Commit } from './world.ts'

/**
 * One ballot after another under the worst network: news travels from one to one, rounds time out at any moment, and
 * double signers support and sign on a branch for each of their faces.
 */
export function generateDuel(draw: Choices, options: HistoryOptions): Mesh {
  const mesh = founded(draw, options)
  const stewards = mesh.nodes.filter((it) => isSteward(mesh, it))
  const honest = stewards.filter((it) => !it.isHostile)
  for (const node of honest.slice(0, 3)) ask(mesh, node, honest)
  for (let step = 150 + draw.below(250); step > 0; step -= 1) {
    const [from, to = from] = draw.shuffled(stewards) as [Node, Node?]
    const turn = draw.below(100)
    if (turn < 8) mesh.time += draw.pick([1, 1, 1, 1, 6])
    else if (turn < 55) pass(mesh, from, to)
    else if (from.isHostile) equivocate(mesh, from)
    else if (turn < 57) writeNews(mesh, from)
    else keepOnce(mesh, from, draw.chance(50))
  }
  return mesh
}

/** Proposes something that all approve who hear of it. */
function ask(mesh: Mesh, node: Node, stewards: readonly Node[]): void {
  const { draw, nodes } = mesh
  const [some, last] = [draw.pick(nodes), nodes.at(-1) as Node]
  const change: Change = draw.chance(20) ? ['remove', last.member] : ['slots', some.device, 1 + draw.below(9)]
  writeValid(mesh, node, { t: 'propose', changes: [change] })
  const proposal = (node.head as Commit).id
  for (const other of stewards) {
    exchange(mesh, node, other)
    if (mesh.draw.chance(85)) writeValid(mesh, other, { t: 'approve', proposal })
    exchange(mesh, other, node)
  }
}

/** Half of what one has, or all of it, and rarely a face of a double signer. */
function pass(mesh: Mesh, from: Node, to: Node): void {
  if (from === to) return
  if (!from.isHostile) exchange(mesh, from, to)
  else receive(to, [mesh.draw.pick([...from.store].slice(-6))])
}

function writeNews(mesh: Mesh, node: Node): void {
  publish(mesh, node, draft(mesh, node, tipOf(mesh, node.store), null))
}

/** Says of some seal what is valid on some branch, with just the past that this takes. */
export function equivocate(mesh: Mesh, node: Node): void {
  const { draw, oracle } = mesh
  const tip = tipOf(mesh, node.store)
  const parent = draw.chance(80) || tip.parent === null ? tip : tip.parent
  const ballots = [...node.store].filter(
    (it) => it.epoch === parent.id && it.act !== null && 'round' in it.act && oracle.isValid(it),
  )
  if (ballots.length === 0 || stewardOf(parent, node.device) === undefined) return
  const own = [...node.store].filter((it) => it.device === node.device)
  for (let tries = 8; tries > 0; tries -= 1) {
    const model = draw.pick(ballots)
    const { act } = model
    if (act === null || !('round' in act)) continue
    const prev = draw.pick(own)
    const others = [...node.store].filter((it) => it.device !== node.device && !oracle.before(prev).has(it))
    const seen = draw.chance(40)
      ? others.slice(-1)
      : [model, draw.pick(ballots)].filter((it) => others.includes(it))
    const commit = commitOf({
      device: node.device,
      prev,
      seen: headsOf(oracle, seen),
      epoch: parent.id,
      act: said(draw, act),
    })
    if (oracle.isHere(commit) || !oracle.isCitable(commit) || !oracle.isValid(commit)) continue
    oracle.add(commit)
    receive(node, [commit])
    if (draw.chance(50)) node.head = commit
    if (draw.chance(60)) node.withheld.add(commit)
    return
  }
}

function said(draw: Choices, act: Extract<Act, { round: number }>): Act {
  if (!('seal' in act) || draw.chance(20)) return { t: 'advance', round: act.round + draw.below(2) }
  return { t: draw.chance(50) ? 'support' : 'sign', round: act.round, seal: act.seal }
}

function headsOf(oracle: Oracle, commits: readonly Commit[]): Commit[] {
  const all = [...new Set(commits)]
  return all.filter((it) => !all.some((other) => oracle.before(other).has(it)))
}

function isSteward(mesh: Mesh, node: Node): boolean {
  return stewardOf(tipOf(mesh, node.store), node.device) !== undefined
}
