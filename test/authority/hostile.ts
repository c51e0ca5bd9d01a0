import { receive } from './mesh.ts'
import type { Mesh, Node } from './mesh.ts'
import { randomChange } from './people.ts'
import { chainOf, commitOf, pastOf, recordOf } from './world.ts'
import type { Act, Commit, SealRecord } from './world.ts'

/** Drafts that a hostile device tries until one is valid. */
const TRIES = 6

/** A hostile device writes what bytes allow: on any of its branches, knowing what it likes, citing what it may. */
export function attack(mesh: Mesh, node: Node): void {
  const { draw, oracle } = mesh
  for (let tries = draw.chance(10) ? 1 : TRIES; tries > 0; tries -= 1) {
    const commit = attackDraft(mesh, node)
    if (oracle.isHere(commit) || !oracle.isCitable(commit) || (tries > 1 && !oracle.isValid(commit))) continue
    oracle.add(commit)
    receive(node, [commit])
    node.head = commit
    if (draw.chance(35)) node.withheld.add(commit)
    return
  }
}

/** What a hostile device would write, valid or not. */
export function attackDraft(mesh: Mesh, node: Node): Commit {
  const { draw, oracle } = mesh
  const own = [...node.store].filter((it) => it.device === node.device)
  const prev = own.length > 0 && draw.chance(30) ? draw.pick(own.slice(-4)) : node.head
  const others = [...node.store].filter((it) => it.device !== node.device)
  const known = prev === null ? new Set<Commit>() : pastOf([prev])
  const seen = listed(mesh, others, known)
  const past = new Set([...known, ...pastOf(seen)])
  const citable = [oracle.genesis.coop, ...oracle.committed(past).keys()]
  const epoch = draw.chance(80) ? (citable.at(-1) as string) : draw.pick(citable)
  return commitOf({ device: node.device, prev, seen, epoch, act: hostileAct(mesh, node, epoch, prev) })
}

/** Everything, a part of it, or nothing. A first commit lists its admission. */
function listed({ draw }: Mesh, others: readonly Commit[], known: ReadonlySet<Commit>): Commit[] {
  const fresh = others.filter((it) => !known.has(it))
  if (known.size > 0 && draw.chance(15)) return []
  const some = draw.chance(60) || known.size === 0 ? fresh : fresh.slice(0, draw.below(fresh.length + 1))
  const covered = pastOf(some.flatMap((it) => [it.prev, ...it.seen]))
  return some.filter((it) => !covered.has(it))
}

function hostileAct(mesh: Mesh, node: Node, epoch: string, prev: Commit | null): Act {
  const { draw, oracle, nodes } = mesh
  const ballots = [...node.store].flatMap(({ act }) =>
    act !== null && 'seal' in act && act.seal.parent === epoch ? [act] : [],
  )
  const round = draw.chance(60)
    ? Math.max(0, ...ballots.map((it) => ('round' in it ? it.round : 0)))
    : draw.below(3)
  const turn = draw.below(100)
  if (turn < 50) {
    const seal =
      ballots.length > 0 && draw.chance(70) ? draw.pick(ballots).seal : anyRecord(mesh, node, epoch)
    return { t: draw.chance(55) ? 'support' : 'sign', round, seal }
  }
  if (turn < 60) return { t: 'advance', round: round + draw.below(2) }
  if (turn < 72) {
    const proposals = [...node.store].filter((it) => it.act?.t === 'propose')
    if (proposals.length > 0)
      return { t: draw.chance(60) ? 'approve' : 'decline', proposal: draw.pick(proposals).id }
  }
  if (turn < 80) return { t: 'propose', changes: [randomChange(mesh, node.store)] }
  if (turn < 86) return { t: 'suspend', device: draw.pick(nodes).device }
  if (turn < 90) return { t: 'invite', key: `h${node.device}.${prev?.seq ?? 0}`, role: 'member', uses: 1 }
  if (turn < 95) {
    const invites = chainOf(prev).flatMap(({ act }) => (act?.t === 'invite' ? [act.key] : []))
    const { device, member } = draw.pick(nodes)
    if (invites.length > 0) return { t: 'admit', invite: draw.pick(invites), device, member }
    return { t: 'device', device, member }
  }
  const seal =
    ballots.find((it) => it.seal.changes !== null)?.seal ??
    recordOf({
      ...EMPTY,
      parent: epoch,
      height: oracle.epoch(epoch).height + 1,
      changes: [['steward', node.member, node.device]],
    })
  if (oracle.epoch(epoch).rules.recovery === 'kits')
    return { t: 'kits', attempt: draw.below(2), seal, member: node.member }
  return { t: 'recover', attempt: draw.below(2), seal }
}

function anyRecord({ draw, oracle, nodes }: Mesh, node: Node, parent: string): SealRecord {
  const commits = draw.shuffled([...node.store]).slice(0, draw.below(3))
  const decided = [...oracle.commits].flatMap(({ act }) =>
    act !== null && 'seal' in act && act.seal.decision !== null && act.seal.parent === parent
      ? [act.seal.decision]
      : [],
  )
  return recordOf({
    ...EMPTY,
    parent,
    height: oracle.epoch(parent).height + 1,
    decision: decided.length > 0 && draw.chance(50) ? draw.pick(decided) : null,
    frontier: commits.map((it) => [it.device, it.seq, it.id] as const),
    left: draw.chance(5) ? [draw.pick(nodes).device] : [],
  })
}

const EMPTY = { decision: null, frontier: [], forks: [], left: [], changes: null }
