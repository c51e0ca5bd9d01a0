import { draft, hasQuorumInTouch, publish, tipOf, writeValid } from './mesh.ts'
import type { Mesh, Node } from './mesh.ts'
import { chainOf, recordOf } from './world.ts'
import type { Act, Change, Commit, SealRecord } from './world.ts'

/** What the people at an honest device do now and then. */
export function live(mesh: Mesh, node: Node): void {
  const { draw } = mesh
  const turn = draw.below(100)
  if (turn < 34) say(mesh, node)
  else if (turn < 52) propose(mesh, node)
  else if (turn < 58) suspend(mesh, node)
  else if (turn < 61) writeValid(mesh, node, { t: 'leave', withKit: draw.chance(50) })
  else if (turn < 70) admit(mesh, node)
  else if (turn < 78) recover(mesh, node)
  else publish(mesh, node, draft(mesh, node, tipOf(mesh, node.store), null))
}

/** Approves or declines something that is open. */
export function say(mesh: Mesh, node: Node): void {
  const tip = tipOf(mesh, node.store)
  const open = [...node.store].filter((it) => it.act?.t === 'propose' && !tip.decided.has(it.id))
  const unsaid = open.filter((it) => willOf(node, it.id) === undefined)
  if (open.length === 0) return
  if (unsaid.length === 0 && mesh.draw.chance(90)) return
  const proposal = mesh.draw.pick(unsaid.length > 0 ? unsaid : open).id
  const t = mesh.draw.chance(85) ? 'approve' : 'decline'
  if (willOf(node, proposal) !== t) writeValid(mesh, node, { t, proposal })
}

function willOf(node: Node, proposal: string): string | undefined {
  for (const { act } of chainOf(node.head))
    if ((act?.t === 'approve' || act?.t === 'decline') && act.proposal === proposal) return act.t
  return undefined
}

function propose(mesh: Mesh, node: Node): void {
  const { draw, nodes } = mesh
  const { store } = node
  const who = draw.pick(nodes)
  const pair: Change[] = [
    ['close', who.device],
    ['demote', who.member],
  ]
  const one = randomChange(mesh, store, who)
  // Two changes of one member are where their order matters.
  const two = (): Change => randomChange(mesh, store, draw.chance(60) ? who : undefined)
  const turn = draw.below(100)
  const changes = turn < 10 ? draw.shuffled(pair) : turn < 35 ? [one, two()] : [one]
  if (writeValid(mesh, node, { t: 'propose', changes }) && mesh.draw.chance(80))
    writeValid(mesh, node, { t: 'approve', proposal: (node.head as Commit).id })
}

export function randomChange(
  { draw, nodes, oracle }: Mesh,
  store: ReadonlySet<Commit>,
  who: Node = draw.pick(nodes),
): Change {
  const { member, device } = who
  const suspensions = [...store].filter((it) => it.act?.t === 'suspend')
  const commits = [...store].filter((it) => it.device === device)
  const turn = draw.below(100)
  if (turn < 30) return ['remove', member]
  if (turn < 50) return ['steward', member, draw.chance(90) ? device : draw.pick(nodes).device]
  if (turn < 58) return ['demote', member]
  if (turn < 66) return ['close', device]
  if (turn < 72) return ['role', member, draw.pick(['member', 'venue', 'observer'])]
  if (turn < 76) return ['slots', device, 2]
  if (turn < 84 && suspensions.length > 0)
    return ['lift', draw.pick(draw.chance(90) ? suspensions : [...store]).id]
  if (turn < 96 && commits.length > 0) {
    const commit = draw.pick(commits)
    return ['settle', device, commit.seq, commit.id]
  }
  return ['floor', 1 + draw.below(Math.max(1, ...[...store].map((it) => oracle.epoch(it.epoch).height + 2)))]
}

function suspend(mesh: Mesh, node: Node): void {
  const stewards = tipOf(mesh, node.store).stewards
  const device = mesh.draw.chance(50)
    ? mesh.draw.pick([...stewards.values()])
    : mesh.draw.pick(mesh.nodes).device
  if (device !== node.device) writeValid(mesh, node, { t: 'suspend', device })
}

/** Invites anybody who is not on the roster, or again who was removed; new keys for members. */
function admit(mesh: Mesh, node: Node): void {
  const { draw, nodes, oracle } = mesh
  const tip = tipOf(mesh, node.store)
  const gone = nodes.map((it) => it.member).filter((it) => oracle.isRemoved(it, tip, node.store))
  const fresh = `d${String(nodes.length).padStart(2, '0')}`
  if (nodes.length >= 9) return
  const [old] = nodes.filter((it) => gone.includes(it.member) && draw.chance(40))
  const member = old?.member ?? draw.pick(gone.length > 0 ? gone : [node.member, `m${nodes.length}`])
  const device = old?.device ?? fresh
  let act: Act = { t: 'device', device, member }
  if (member !== node.member || draw.chance(50)) {
    const used = chainOf(node.head).find((it) => it.act?.t === 'invite' && oracle.isValid(it))?.act
    const [key, opening] = usesFor(node, used?.t === 'invite' && draw.chance(50) ? used.key : null)
    if (!writeValid(mesh, node, opening)) return
    act = { t: 'admit', invite: key, device, member }
  }
  writeValid(mesh, node, act)
}

/** Uses for one guest: a new invite, or one more of an old one. */
function usesFor({ device, head }: Node, old: string | null): [key: string, act: Act] {
  if (old !== null) return [old, { t: 'extend', key: old, uses: 1 }]
  const key = `i${device}.${head?.seq ?? 0}`
  return [key, { t: 'invite', key, role: 'member', uses: 1 }]
}

/** Votes when no quorum of stewards can be reached: as others did, or for themselves. */
export function recover(mesh: Mesh, node: Node): void {
  const { draw, nodes, oracle } = mesh
  const tip = tipOf(mesh, node.store)
  if (hasQuorumInTouch(mesh, node, tip) || !oracle.electors(tip).has(node.member)) return
  if (nodes.find((it) => it.member === node.member) !== node) return
  const votes = [...node.store].flatMap(({ act, epoch }) =>
    act !== null && 'attempt' in act && epoch === tip.id ? [act] : [],
  )
  const own = chainOf(node.head).flatMap(({ act, epoch }) =>
    act !== null && 'attempt' in act && epoch === tip.id ? [act.attempt] : [],
  )
  const attempt = Math.max(0, ...votes.map((it) => it.attempt)) + Number(own.length > 0 && draw.chance(8))
  if (own.includes(attempt)) return
  const others = votes.filter((it) => it.attempt === attempt).map((it) => it.seal)
  const { member, device } = draw.pick(nodes.filter((it) => !it.isLost))
  const seal =
    others.length > 0
      ? draw.chance(90)
        ? ([...others].sort((a, b) => (a.id < b.id ? -1 : 1))[0] as SealRecord)
        : draw.pick(others)
      : recordOf({
          parent: tip.id,
          height: tip.height + 1,
          decision: null,
          frontier: [],
          forks: [],
          left: [],
          changes: recoveryChanges(mesh, [...tip.stewards.keys()], member, device),
        })
  if (tip.rules.recovery === 'kits') writeValid(mesh, node, { t: 'kits', attempt, seal, member: node.member })
  else writeValid(mesh, node, { t: 'recover', attempt, seal })
}

/** The new steward comes first; whoever is lost goes. */
function recoveryChanges(mesh: Mesh, stewards: readonly string[], member: string, device: string): Change[] {
  const lost = stewards.filter(
    (it) => it !== member && !mesh.nodes.some((node) => node.member === it && !node.isLost),
  )
  return [['steward', member, device], ...lost.map((it): Change => ['demote', it])]
}

/** Node that a device of that name was admitted for but that is not set up yet. */
export function admittedDevices(mesh: Mesh): { device: string; member: string }[] {
  return mesh.oracle
    .admissions(mesh.oracle.commits)
    .map((it) => mesh.oracle.admitted(it))
    .filter(({ device }) => !mesh.nodes.some((node) => node.device === device))
}
