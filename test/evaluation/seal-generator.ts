import { storedForks } from './mesh.ts'
import type { Mesh } from './mesh.ts'
import { evaluate } from './oracle.ts'
import { winner } from './winner.ts'
import { has } from './world.ts'
import type { SealDraft, Store, World, WorldAllowance } from './world.ts'

/** Stewards in touch with each other seal, if enough of them will sign. */
export function draftSeal(mesh: Mesh): void {
  const { world, choices, isDouble, stores, signed } = mesh
  const first = choices.pick(mesh.stewards)
  const own = stores[first] as Store
  const isAstray = isDouble[first] === true && choices.chance(40)
  const parent = isAstray ? choices.pick([...own.seals]) : winner(world, own.seals)
  const closed = world.line(parent).flatMap((seal) => seal.closed)
  const roster = mesh.stewards.filter((it) => !closed.includes(it))
  const signers = willingSigners(mesh, first, parent).filter((it) => roster.includes(it))
  if (!roster.includes(first) || signers.length < Math.floor(roster.length / 2) + 1) return
  const union: Store = { commits: new Set(), seals: new Set([0]) }
  for (const signer of signers) {
    for (const id of (stores[signer] as Store).commits) union.commits.add(id)
    for (const id of (stores[signer] as Store).seals) union.seals.add(id)
  }
  const id = world.seal(parent, { signers, ...sealContent(mesh, parent, union, signers) })
  for (const signer of signers) {
    const store = stores[signer] as Store
    signed[signer]?.add(parent)
    world.addSeal(store, id)
    if (isDouble[signer]) continue
    for (const commit of union.commits) world.addCommit(store, commit)
    for (const seal of union.seals) world.addSeal(store, seal)
  }
}

/**
 * Honest stewards sign one seal for each parent, on the line that wins for them; a hostile one signs
 * anything.
 */
function willingSigners(mesh: Mesh, first: number, parent: number): number[] {
  const { world, stewards, isDouble, stores, parts, signed } = mesh
  const own = stores[first] as Store
  // A hostile steward travels between the parts.
  const inTouch = stewards.filter((it) => it !== first && (isDouble[it] || parts[it] === parts[first]))
  return [first, ...inTouch].filter((it) => {
    if (isDouble[it]) return true
    if (signed[it]?.has(parent)) return false
    return winner(world, new Set([...(stores[it] as Store).seals, ...own.seals])) === parent
  })
}

function sealContent(mesh: Mesh, parent: number, union: Store, signers: readonly number[]): SealDraft {
  const { world, choices } = mesh
  const line = world.line(parent)
  const frontier = new Map<number, number>()
  const proofs = new Map<number, number>()
  const forks = storedForks(world, union)
  const { standings } = evaluate(world, union, parent)
  for (let device = 0; device < world.deviceCount; device += 1) {
    const fork = forks.get(device)
    if (fork !== undefined) proofs.set(device, fork.seq)
    const before = line.findLast((seal) => seal.frontier.has(device))?.frontier.get(device)
    const heads = world.headsOf(union.commits, device).filter((id) => isBehind(world, before, id))
    let head = heads.length === 0 ? -1 : choices.pick(heads)
    // Half of the time only what is good already is settled; else late commits are adopted and branches
    // chosen.
    if (choices.chance(50)) head = goodPart(head, (id) => standings.get(id), world)
    if (choices.chance(15) || head < 0 || !isBehind(world, before, head)) continue
    frontier.set(device, head)
  }
  const closed: number[] = []
  const allowances: WorldAllowance[] = []
  const candidates = [...Array(world.deviceCount).keys()].filter(
    (it) => !signers.includes(it) && !line.some((seal) => seal.closed.includes(it)),
  )
  if (choices.chance(25) && candidates.length > 0) {
    const device = choices.pick(candidates)
    closed.push(device)
    const { books } = evaluate(world, union, parent)
    for (const unit of ['eur', 'seat', 'stock']) {
      const held = books.get(unit)?.holdings[device] ?? 0n
      if (held <= 0n || !choices.chance(50)) continue
      allowances.push({ device: choices.pick(signers), unit, amount: held, insteadOf: device })
    }
  }
  if (choices.chance(60)) {
    const device = choices.below(world.deviceCount)
    const unit = choices.pick(['seat', 'seat+', 'eur+', 'eur='])
    allowances.push({ device, unit, amount: 1n + BigInt(choices.below(3)), insteadOf: -1 })
  }
  const height = world.sealAt(parent).height + 1
  const floor = choices.chance(30) ? Math.max(0, height - choices.below(3)) : 0
  return { frontier, closed, floor, proofs, allowances }
}

function isBehind(world: World, before: number | undefined, id: number): boolean {
  return before === undefined || has(world.at(id).chain, before)
}

function goodPart(
  head: number,
  standingOf: (id: number) => { isContested: boolean; isLate: boolean } | undefined,
  world: World,
): number {
  let at = head
  while (at >= 0 && (standingOf(at)?.isContested || standingOf(at)?.isLate)) at = world.at(at).prev
  return at
}
