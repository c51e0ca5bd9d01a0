import { attackDraft } from './hostile.ts'
import { receive } from './mesh.ts'
import type { Mesh, Node } from './mesh.ts'
import { randomChange } from './people.ts'
import { chainOf, commitOf, recordOf } from './world.ts'
import type { Act, Change, Commit, SealRecord } from './world.ts'

/** Writes so many commits of whoever, valid or not; those that nobody may store are returned as well. */
export function scatter(mesh: Mesh, count: number): Commit[] {
  const { draw, oracle } = mesh
  const nodes = mesh.nodes.filter((it) => it.head !== null)
  const scattered: Commit[] = []
  for (let i = 0; i < count; i += 1) {
    const node = draw.pick(nodes)
    const { device, prev, seen, epoch, act } = attackDraft(mesh, node)
    const cited = draw.chance(85) ? epoch : anyEpoch(mesh)
    const wild = draw.chance(30) ? act : wildAct(mesh, node, cited, prev)
    const commit = commitOf({ device, prev, seen, epoch: cited, act: wild })
    if (oracle.isHere(commit)) continue
    scattered.push(commit)
    if (!oracle.isCitable(commit)) continue
    oracle.add(commit)
    receive(draw.pick(nodes), [commit])
    if (draw.chance(50)) receive(node, [commit])
    if (node.store.has(commit) && draw.chance(40)) node.head = commit
  }
  return scattered
}

/** A steward suspends on two ways of its chain, and others rely on what they have heard of. */
export function suspendTwice(mesh: Mesh): void {
  const { draw, oracle, nodes } = mesh
  const [node] = draw.shuffled(nodes.filter((it) => it.head !== null && it.head.act?.t !== 'leave'))
  if (node === undefined) return
  for (const way of [node.head, node.head]) {
    let prev = way
    for (let count = 1 + draw.below(4); count > 0; count -= 1) {
      const { device } = draw.pick(nodes)
      const epoch = (node.head as Commit).epoch
      const commit = commitOf({ device: node.device, prev, seen: [], epoch, act: { t: 'suspend', device } })
      if (oracle.isHere(commit) || !oracle.isCitable(commit) || !oracle.isValid(commit)) continue
      oracle.add(commit)
      prev = commit
    }
    if (prev === null || prev === way) continue
    const witness = draw.pick(nodes)
    if (witness === node || witness.head === null) continue
    const { device, head } = witness
    const heard = commitOf({ device, prev: head, seen: [prev], epoch: head.epoch, act: null })
    if (oracle.isHere(heard) || !oracle.isCitable(heard)) continue
    oracle.add(heard)
    witness.head = heard
    receive(witness, [heard])
  }
}

function anyEpoch({ draw, oracle }: Mesh): string {
  return draw.pick([oracle.genesis.coop, ...oracle.committed(oracle.commits).keys()])
}

function wildAct(mesh: Mesh, node: Node, epoch: string, prev: Commit | null): Act {
  const { draw, oracle, nodes } = mesh
  const { device, member } = draw.pick(nodes)
  const turn = draw.below(100)
  const own = chainOf(prev).flatMap(({ act }) => (act?.t === 'invite' ? [act.key] : []))
  if (turn < 6 && own.length > 0) {
    const invite = draw.pick(own)
    if (draw.chance(50)) return { t: 'extend', key: invite, uses: draw.pick([1, 1, 2, 30]) }
    return { t: 'admit', invite, device: `d${nodes.length + draw.below(3)}`, member }
  }
  if (turn < 40)
    return {
      t: draw.chance(60) ? 'support' : 'sign',
      round: draw.below(3),
      seal: wildRecord(mesh, node, epoch),
    }
  if (turn < 45) return { t: 'leave', withKit: draw.chance(50) }
  if (turn < 52) return { t: 'suspend', device: draw.chance(80) ? device : 'stranger' }
  if (turn < 60) {
    const proposals = [...oracle.commits].filter((it) => it.act?.t === 'propose' || draw.chance(2))
    if (proposals.length > 0)
      return { t: draw.chance(50) ? 'approve' : 'decline', proposal: draw.pick(proposals).id }
  }
  if (turn < 66) return { t: 'advance', round: draw.below(4) }
  if (turn < 72) {
    const changes = [...Array(1 + draw.below(3))].map(() => randomChange(mesh, node.store))
    return { t: 'propose', changes }
  }
  if (turn < 77) {
    const role = draw.pick(['member', 'observer', 'venue'])
    return { t: 'invite', key: `w${node.device}.${prev?.seq ?? 0}`, role, uses: draw.pick([1, 1, 2, 30]) }
  }
  const key = draw.chance(50) ? device : `d${nodes.length + draw.below(3)}`
  if (turn < 82) {
    const invites = [...oracle.commits].filter(({ act }) => act?.t === 'invite')
    const invite = draw.pick(invites).act
    if (invite?.t === 'invite' && draw.chance(30)) return { t: 'extend', key: invite.key, uses: 1 }
    if (invite?.t === 'invite') return { t: 'admit', invite: invite.key, device: key, member }
  }
  if (turn < 88) return { t: 'device', device: key, member: draw.chance(90) ? member : 'nobody' }
  const seal = recordOf({
    ...EMPTY,
    ...placeOf(mesh, epoch),
    changes: [recoveryChange(mesh), ...(draw.chance(30) ? [recoveryChange(mesh)] : [])],
  })
  const attempt = draw.below(2)
  if ((oracle.epoch(epoch).rules.recovery === 'kits') === draw.chance(85))
    return { t: 'kits', attempt, seal, member: draw.chance(70) ? node.member : member }
  return { t: 'recover', attempt, seal }
}

function recoveryChange({ draw, nodes }: Mesh): Change {
  const { member, device } = draw.pick(nodes)
  return draw.chance(70) ? ['steward', member, device] : ['demote', member]
}

function placeOf(mesh: Mesh, epoch: string): { parent: string; height: number } {
  const parent = mesh.draw.chance(92) ? epoch : anyEpoch(mesh)
  return { parent, height: mesh.oracle.epoch(parent).height + (mesh.draw.chance(95) ? 1 : 2) }
}

/** A record of somebody, or none of anybody's, with something else in it. */
function wildRecord(mesh: Mesh, node: Node, epoch: string): SealRecord {
  const { draw, oracle, nodes } = mesh
  const records = [...oracle.commits].flatMap(({ act }) =>
    act !== null && 'seal' in act && (act.seal.parent === epoch || draw.chance(5)) ? [act.seal] : [],
  )
  if (records.length > 0 && draw.chance(25)) return draw.pick(records)
  if (draw.chance(5)) return recordOf({ ...EMPTY, ...placeOf(mesh, epoch), changes: [recoveryChange(mesh)] })
  const commits = draw.shuffled([...node.store]).slice(0, draw.below(3))
  const decisions = records.flatMap((it) => (it.decision === null ? [] : [it.decision]))
  const proposals = [...oracle.commits].filter((it) => it.act?.t === 'propose')
  const approvals = (proposal: string): string[] =>
    [...oracle.commits]
      .filter((it) => it.act?.t === 'approve' && (it.act.proposal === proposal || draw.chance(5)))
      .filter(() => draw.chance(85))
      .map((it) => it.id)
      .sort()
      .slice(0, 64)
  const turn = draw.below(100)
  let decision: SealRecord['decision'] = null
  if (turn < 20 && decisions.length > 0) decision = draw.pick(decisions)
  else if (turn < 60 && proposals.length > 0) {
    const proposal = draw.pick(proposals).id
    decision = { proposal, approvals: approvals(proposal) }
  }
  const settled = decision === null ? [] : settledBy(oracle.commit(decision.proposal))
  const rows = commits.map((it) => [it.device, it.seq + Number(draw.chance(5)), it.id] as const)
  const device = draw.pick(nodes).device
  return recordOf({
    ...EMPTY,
    ...placeOf(mesh, epoch),
    decision,
    frontier: settled.length > 0 && draw.chance(70) ? settled : rows,
    forks: draw.chance(15) ? [[device, draw.below(12)]] : [],
    left: draw.chance(15) ? [device] : [],
  })
}

function settledBy({ act }: Commit): SealRecord['frontier'] {
  const changes = act?.t === 'propose' ? act.changes : []
  return changes.flatMap((it) => (it[0] === 'settle' ? [[it[1], it[2], it[3]] as const] : []))
}

const EMPTY = { decision: null, frontier: [], forks: [], left: [], changes: null }
