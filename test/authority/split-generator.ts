import type { Choices } from '../evaluation/choices.ts'
import { stewardOf } from './epoch.ts'
import type { Epoch } from './epoch.ts'
import { founded } from './history-generator.ts'
import type { HistoryOptions } from './history-generator.ts'
import { draft, exchange, publish, receive, tipOf, writeValid } from './mesh.ts'
import type { Mesh, Node } from './mesh.ts'
import { randomChange } from './people.ts'
import { commitOf, recordOf } from './world.ts'
import type { Act, Change, Commit, SealRecord } from './world.ts'

/** One of the histories that stewards write of one epoch: the end of each chain in it. */
type Way = Map<Node, Commit>

/**
 * Stewards agree on several children of one epoch, more or less of them on several branches of their chains; some children
 * have children. Beyond what a quorum bears: what is compared is which line is chosen.
 */
export function generateSplit(draw: Choices, options: HistoryOptions): Mesh {
  const mesh = founded(draw, options)
  const tip = tipOf(mesh, mesh.oracle.commits)
  const stewards = mesh.nodes.filter((it) => stewardOf(tip, it.device) !== undefined)
  const records = recordsOf(mesh, tip, stewards)
  const base = new Map(stewards.map((it) => [it, it.head as Commit]))
  for (const record of draw.shuffled(records).slice(draw.below(5))) {
    const way: Way = new Map(base)
    sealOn(mesh, tip, record, way)
    let epoch = tip
    for (let next = record; isCommitted(mesh, next) && draw.chance(55);) {
      epoch = mesh.oracle.epoch(next.id)
      next = recordOf({ ...EMPTY, parent: epoch.id, height: epoch.height + 1 })
      sealOn(mesh, epoch, next, way)
    }
  }
  return mesh
}

/** Two that move a frontier, and four decisions that all approve of; everybody knows of all. */
function recordsOf(mesh: Mesh, tip: Epoch, stewards: readonly Node[]): SealRecord[] {
  const [first, second] = stewards as [Node, Node?]
  const last = mesh.nodes.at(-1) as Node
  const { device, member } = stewards.at(-1) as Node
  const asked: Change[][] = [
    [['remove', last.member]],
    [['slots', first.device, 2]],
    mesh.draw.shuffled<Change>([
      ['close', device],
      ['demote', member],
    ]),
    [0, 1, 2].slice(mesh.draw.below(3)).map(() => randomChange(mesh, first.store)),
  ]
  const decisions = asked.map((changes) => {
    writeValid(mesh, first, { t: 'propose', changes })
    const proposal = (first.head as Commit).id
    const approvals = stewards.map((it) => {
      exchange(mesh, first, it)
      writeValid(mesh, it, { t: 'approve', proposal })
      exchange(mesh, it, first)
      return (it.head as Commit).id
    })
    return { proposal, approvals: approvals.sort() }
  })
  for (const it of stewards) {
    exchange(mesh, first, it)
    publish(mesh, it, draft(mesh, it, tip, null))
  }
  const place = { ...EMPTY, parent: tip.id, height: tip.height + 1 }
  const frontiers = [first, second ?? first].map(({ device, head }, n) => {
    const at = (n === 0 ? head?.prev : head) as Commit
    return recordOf({ ...place, frontier: [[device, at.seq, at.id]] })
  })
  return [...frontiers, ...decisions.map((decision) => recordOf({ ...place, decision }))]
}

/** Some stewards support and sign the record, each after the others. */
function sealOn(mesh: Mesh, epoch: Epoch, record: SealRecord, way: Way): void {
  const { draw, oracle } = mesh
  const signing = [...way.keys()].filter((it) => stewardOf(epoch, it.device) !== undefined)
  const some = draw.shuffled(signing).slice(0, oracle.quorum(epoch) + draw.below(2))
  for (const t of ['support', 'sign'] as const)
    for (const node of some) write(mesh, node, { epoch: epoch.id, act: { t, round: 0, seal: record } }, way)
}

function write(mesh: Mesh, node: Node, what: { epoch: string; act: Act }, way: Way): void {
  const { oracle } = mesh
  const prev = way.get(node) as Commit
  const known = oracle.before(prev)
  const ends = [...way.values()].filter((it) => it.device !== node.device && !known.has(it))
  const seen = ends.filter((it) => !ends.some((other) => oracle.before(other).has(it)))
  const commit = commitOf({ device: node.device, prev, seen, ...what })
  // What does not hold is written once, and signed by nobody.
  if (oracle.isHere(commit) || !oracle.isCitable(commit)) return
  if (what.act.t === 'sign' && !oracle.isValid(commit)) return
  oracle.add(commit)
  receive(node, [commit])
  node.head = commit
  way.set(node, commit)
}

function isCommitted({ oracle }: Mesh, { id }: SealRecord): boolean {
  return oracle.committed(oracle.commits).has(id)
}

const EMPTY = { decision: null, frontier: [], forks: [], left: [], changes: null }
