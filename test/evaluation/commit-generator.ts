import { storedForks } from './mesh.ts'
import type { Mesh } from './mesh.ts'
import { badAct, honestAct, hostileAct } from './act-generator.ts'
import { trial } from './oracle.ts'
import { winner } from './winner.ts'
import { deviceOf, has } from './world.ts'
import type { Store, World } from './world.ts'

/** Lets a device write one commit, as honest or hostile as it is. */
export function writeCommit(mesh: Mesh, device: number): void {
  if (mesh.isHostile[device]) writeHostile(mesh, device)
  else writeHonest(mesh, device)
}

/** Heads that an honest device lists: evidence of forks, and a part of what is new to it. */
function honestSeen(mesh: Mesh, device: number, epoch: number): number[] {
  const { world, choices, stores } = mesh
  const store = stores[device] as Store
  const forks = storedForks(world, store)
  const [own = -1] = world.headsOf(store.commits, device)
  const acknowledged = own < 0 ? 0n : ackedBy(world, own)
  const seen = new Set<number>()
  // Who is careless lists a branch without the proof that it is one.
  const isCareless = choices.chance(35)
  const proven = isCareless ? throughWitness(mesh, device) : []
  if (proven.length > 0) return proven
  for (let other = 0; other < world.deviceCount; other += 1) {
    if (other === device) continue
    const fork = forks.get(other)
    const settled = world
      .line(epoch)
      .findLast((seal) => seal.frontier.has(other))
      ?.frontier.get(other)
    const heads = world.headsOf(store.commits, other)
    const [head] = fork === undefined || isCareless ? heads : [settled]
    const evidence = isCareless ? [] : (fork?.commits ?? [])
    for (const id of evidence) if (!has(acknowledged, id)) seen.add(id)
    // Now and then one that it listed before: what was contested or late then may be settled now.
    const isListed = head === undefined || (has(acknowledged, head) && !choices.chance(15))
    if (!isListed && choices.chance(60)) seen.add(head)
  }
  return [...seen]
}

/** A commit of a fork, and one of a third device that knows the fork's other commit. */
function throughWitness({ world, choices, stores }: Mesh, device: number): number[] {
  const store = stores[device] as Store
  const forks = [...storedForks(world, store)].filter(([forked]) => forked !== device)
  if (forks.length === 0) return []
  const [forked, { commits }] = choices.pick(forks)
  const [one, other] = choices.shuffled(commits) as [number, number]
  const witnesses = [...store.commits].filter((id) => {
    const { device: by, past } = world.at(id)
    return by !== device && by !== forked && has(past, other)
  })
  return witnesses.length === 0 ? [] : [one, choices.pick(witnesses)]
}

function ackedBy(world: World, id: number): bigint {
  let acked = 0n
  for (let at = id; at >= 0; at = world.at(at).prev)
    for (const head of world.at(at).seen) acked |= world.at(head).chain
  return acked
}

function writeHonest(mesh: Mesh, device: number): void {
  const { world, choices, stores } = mesh
  const store = stores[device] as Store
  const [prev = -1] = world.headsOf(store.commits, device)
  const epoch = winner(world, store.seals)
  const id = world.commit(device, prev, { epoch, seen: honestSeen(mesh, device, epoch) })
  store.commits.add(id)
  const judge = trial(world, store, id)
  const { acts } = world.at(id)
  const forked = storedForks(world, store)
  for (const { maker, define } of mesh.units) {
    if (maker !== device || judge().defined.has(define.unit) || !choices.chance(80)) continue
    acts.push(define)
  }
  for (let count = choices.below(4); count > 0; count -= 1) {
    const act = honestAct(mesh, device, judge().left)
    if (act === null || (act.kind === 'transfer' && forked.has(deviceOf(act.to)))) continue
    acts.push(act)
    // It never signs what is void.
    const { voidBecause } = judge()
    if (voidBecause === null) continue
    acts.pop()
    mesh.refused.add(voidBecause)
  }
}

function writeHostile(mesh: Mesh, device: number): void {
  const { world, choices, stores } = mesh
  const store = stores[device] as Store
  const commits = [...store.commits]
  const own = commits.filter((id) => world.at(id).device === device)
  const heads = world.headsOf(commits, device)
  let prev = heads.length === 0 ? -1 : choices.pick(heads)
  if (own.length > 0 && choices.chance(35)) {
    prev = choices.pick(own)
    if (choices.chance(20)) prev = world.at(prev).prev
  }
  const before = prev < 0 ? 0 : world.at(prev).epoch
  const fitting = [...store.seals].filter((it) => it === before || !world.isAncestor(it, before))
  let epoch = choices.chance(60) ? before : choices.pick(fitting)
  if (choices.chance(5)) epoch = choices.pick([...store.seals])
  const seen = new Set<number>()
  // The header's rules refuse a head of the own device.
  const others = commits.filter((it) => world.at(it).device !== device)
  for (let count = choices.below(3); count > 0 && others.length > 0; count -= 1)
    seen.add(choices.pick(others))
  const id = world.commit(device, prev, { epoch, seen: [...seen] })
  store.commits.add(id)
  const judge = trial(world, store, id)
  const { acts } = world.at(id)
  for (const { maker, define } of mesh.units)
    if (maker === device && (!judge().defined.has(define.unit) || choices.chance(2))) acts.push(define)
  for (let count = choices.below(3); count > 0; count -= 1) {
    const act = choices.chance(5) ? badAct(mesh, device) : hostileAct(mesh, device, judge().left)
    if (act !== null) acts.push(act)
  }
}
